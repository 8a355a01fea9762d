//! Fully connected conditional random field: every voxel beside every other, by mean field.
//!
//! Krähenbühl, Koltun, "Efficient inference in fully connected CRFs with Gaussian edge potentials", NIPS 2011. The energy of a labelling x is
//! `sum_i -log p_i(x_i) + sum_{i<j} mu(x_i, x_j) sum_m w_m k_m(f_i, f_j)` with Gaussians `k = exp(-|f_i - f_j|^2 / 2)` of features: positions, or positions
//! and the image's values, each divided by its sigma. Mean field starts at `Q = p` and repeats `Q_i(a) ~ p_i(a) exp(-sum_m w_m sum_b mu(a, b) (K_m Q(b))_i)`
//! for all voxels at once.
//!
//! `K_m` is a filter of all voxels, normalised on one side or both by what it makes of ones. The permutohedral lattice makes it in time linear in the voxels; positions alone
//! can also be convolved on the grid. Nothing is learned here, and no label is chosen: probabilities go in and come out.

#![allow(clippy::inline_always, reason = "see `simd`")]

mod features;
mod filter;
mod grid;
mod keys;
mod lattice;
mod simplex;
mod tasks;
#[cfg(test)]
mod tests;
mod transpose;
mod update;

use crate::error::{Error, Result};
use crate::parallel;

use features::Features;
use filter::{Filter, Scratch};
use grid::Convolution;
use lattice::Lattice;
use simplex::Corner;
use update::Update;

pub use filter::Normalization;

/// A Gaussian of the energy.
#[derive(Debug, Clone)]
pub struct Term<'a> {
    /// By axis, in elements.
    pub sigma: Vec<f32>,
    /// Channels of the image, one after the other; empty: positions alone.
    pub image: &'a [f32],
    /// By channel.
    pub sigma_intensity: Vec<f32>,
    /// What it counts.
    pub weight: f32,
    /// Convolve instead of filtering with a lattice; for positions alone.
    pub convolve: bool,
}

impl Term<'_> {
    fn corners(&self) -> usize {
        self.sigma.len() + self.sigma_intensity.len() + 1
    }
}

/// What to do.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// Of the grid.
    pub shape: &'a [usize],
    /// How many there are.
    pub labels: usize,
    /// The energy of pairs.
    pub terms: &'a [Term<'a>],
    /// What two labels cost each other, labels x labels, symmetric; `None`: equal labels attract each other (Potts).
    pub compatibility: Option<&'a [f32]>,
    /// Updates of all voxels.
    pub iterations: usize,
    /// Of the filters.
    pub normalization: Normalization,
    /// Whether a voxel's own value counts in what it is told.
    pub include_self: bool,
    /// Smaller probabilities count as this.
    pub clip: f32,
    /// The result does not depend on it.
    pub threads: usize,
}

impl Request<'_> {
    /// How many pairs of numbers the working memory must have: one per voxel and corner of its simplex.
    pub fn room(&self) -> usize {
        let points: usize = self.shape.iter().product();
        self.filtered().map(|term| points * term.corners()).sum()
    }

    /// The terms that need a lattice.
    fn filtered(&self) -> impl Iterator<Item = &Term<'_>> {
        self.needed().filter(|term| !term.convolve)
    }

    /// The terms that change anything.
    fn needed(&self) -> impl Iterator<Item = &Term<'_>> {
        self.terms.iter().filter(|term| term.weight != 0.0 && self.iterations > 0)
    }

    fn check(&self, probabilities: &[f32], out: &[f32]) -> Result<usize> {
        let points: usize = self.shape.iter().product();
        if self.shape.is_empty() || points == 0 || self.labels == 0 {
            return Err(Error::Shape("no voxels or no labels".to_owned()));
        }
        if probabilities.len() != self.labels * points || out.len() != probabilities.len() {
            return Err(Error::Shape(format!(
                "{} probabilities for {} labels of {points} voxels",
                probabilities.len(),
                self.labels
            )));
        }
        if self.compatibility.is_some_and(|costs| costs.len() != self.labels * self.labels) {
            return Err(Error::Shape("compatibility must be labels x labels".to_owned()));
        }
        if self.terms.iter().filter(|term| term.convolve).count() > 1 {
            return Err(Error::Argument("at most one term can be convolved".to_owned()));
        }
        for term in self.terms {
            let positive = |sigma: &f32| sigma.is_finite() && *sigma > 0.0;
            if !term.sigma.iter().chain(&term.sigma_intensity).all(positive) {
                return Err(Error::Argument("sigmas must be finite and positive".to_owned()));
            }
            if term.sigma.len() != self.shape.len()
                || term.image.len() != term.sigma_intensity.len() * points
                || (term.convolve && !term.image.is_empty())
            {
                return Err(Error::Shape("a term does not fit the grid".to_owned()));
            }
        }
        Ok(points)
    }
}

/// Probabilities (labels x voxels, C order) after inference, into `out`. `room` is working memory, [`Request::room`] says how much; it is the caller's because
/// it is large, and some allocators give large pages. `go_on` is asked between steps, by the caller's own thread: a step takes seconds for volumes that fill
/// the memory, else far less.
///
/// # Errors
/// [`Error::Shape`] if lengths do not fit, [`Error::Argument`] if a sigma is not positive or so small that single precision cannot place the voxels among
/// the points of the lattice, or the image is not finite, [`Error::Interrupted`] if `go_on` said no.
pub fn mean_field_into(
    probabilities: &[f32],
    request: &Request,
    room: &mut [[u32; 2]],
    out: &mut [f32],
    mut go_on: impl FnMut() -> bool,
) -> Result<()> {
    let points = request.check(probabilities, out)?;
    if room.len() < request.room() {
        return Err(Error::Shape(format!(
            "{} pairs of room, {} needed",
            room.len(),
            request.room()
        )));
    }
    let mut ask = || if go_on() { Ok(()) } else { Err(Error::Interrupted) };
    let threads = parallel::worthwhile(request.threads, points);
    let update =
        Update { probabilities, compatibility: request.compatibility, clip: request.clip, points };
    out.fill(0.0);
    parallel::install(threads, |parallel| update.run(out, parallel));
    let mut messages = Messages::new(request, points);
    let mut room = room;
    for term in request.needed() {
        ask()?;
        let (own, rest) =
            room.split_at_mut(if term.convolve { 0 } else { points * term.corners() });
        parallel::install(threads, |parallel| messages.add(request, term, own, parallel))?;
        room = rest;
    }
    if messages.is_empty() {
        return Ok(());
    }
    for _ in 0..request.iterations {
        let mut planes: Vec<&mut [f32]> = out.chunks_exact_mut(points).collect();
        for planes in planes.chunks_mut(MOST_PLANES) {
            ask()?;
            parallel::install(threads, |parallel| messages.send(planes, parallel));
        }
        parallel::install(threads, |parallel| update.run(out, parallel));
    }
    Ok(())
}

/// Planes (labels) that are filtered at once.
const MOST_PLANES: usize = 8;

/// All filters, and their working memory.
struct Messages<'a> {
    filters: Vec<Filter<'a>>,
    convolution: Option<Convolution>,
    /// What a voxel's own value counts, if it must not.
    own: Option<Vec<f32>>,
    scratch: Vec<Scratch>,
    planes: [Vec<f32>; 2],
}

impl<'a> Messages<'a> {
    /// None yet.
    fn new(request: &Request, points: usize) -> Self {
        Self {
            filters: Vec::new(),
            convolution: None,
            own: (!request.include_self).then(|| vec![0.0; points]),
            scratch: Vec::new(),
            planes: <[Vec<f32>; 2]>::default(),
        }
    }

    /// Those of one more term; a lattice lies in `corners`.
    fn add(
        &mut self,
        request: &Request,
        term: &Term,
        corners: &'a mut [Corner],
        parallel: bool,
    ) -> Result<()> {
        let (shape, sigma, weight) = (request.shape, &term.sigma, term.weight);
        let (normalization, own) = (request.normalization, self.own.as_deref_mut());
        if term.convolve {
            self.convolution =
                Some(Convolution::new(shape, sigma, normalization, weight, own, parallel));
        } else {
            let features = Features::new(shape, sigma, (term.image, &term.sigma_intensity));
            let lattice = Lattice::new(&features, corners, parallel)?;
            self.filters.push(Filter::new(lattice, normalization, weight, own, parallel));
            self.scratch.push(Scratch::default());
        }
        Ok(())
    }

    fn is_empty(&self) -> bool {
        self.filters.is_empty() && self.convolution.is_none()
    }

    /// Replace the probabilities of some labels by messages. Every number of lanes is compiled on its own.
    fn send(&mut self, planes: &mut [&mut [f32]], parallel: bool) {
        match planes.len() {
            1 => self.send_group::<1>(planes, parallel),
            2 => self.send_group::<2>(planes, parallel),
            3..=4 => self.send_group::<4>(planes, parallel),
            _ => self.send_group::<MOST_PLANES>(planes, parallel),
        }
    }

    /// The same for at most `L` labels.
    fn send_group<const L: usize>(&mut self, planes: &mut [&mut [f32]], parallel: bool) {
        filter::spread::<L>(&self.filters, planes, &mut self.scratch, parallel);
        let own = self.own.as_deref();
        let add = own.is_some() || self.convolution.is_some();
        for plane in planes.iter_mut() {
            if let Some(convolution) = &self.convolution {
                convolution.replace(plane, own, &mut self.planes, parallel);
            } else if let Some(own) = own {
                plane.iter_mut().zip(own).for_each(|(value, own)| *value *= -own);
            }
        }
        if !self.filters.is_empty() {
            filter::gather::<L>(&self.filters, planes, &self.scratch, add, parallel);
        }
    }
}
