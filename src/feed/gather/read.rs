//! Reading the events and the attributes of a model.

use propensity::time::Micros;
use propensity::walk::sample::Sampler;

use crate::catalog::Definition;
use crate::error::Error;
use crate::feed::pushed::Route;
use crate::feed::stream::Stream;

/// Reads the events up to an instant, and the attributes, of all profiles or of a sample.
pub fn read(
    definition: &Definition,
    until: Micros,
    sampler: Option<Sampler>,
) -> Result<Stream, Error> {
    let stream = Stream::open(definition, None)?;
    let route = Route::choose(definition, &stream, None)?;
    read_all(definition, stream, &route, (until, sampler))
}

/// The same into a stream that was opened without a schema, the way that was chosen for it.
pub fn read_all(
    definition: &Definition,
    mut stream: Stream,
    route: &Route,
    (until, sampler): (Micros, Option<Sampler>),
) -> Result<Stream, Error> {
    let sampled = sampler.is_some();
    let again = |stream: &Stream| sampled.then(|| Sampler::of(stream.share()));
    route.fill(definition, &mut stream, until, sampler)?;
    refuse_no_events(definition, &stream)?;
    if stream.is_order_dependent() {
        // Knowing the sample from the beginning takes in nobody else's texts.
        let sampler = again(&stream);
        stream = stream.restarted();
        route.fill(definition, &mut stream, until, sampler)?;
    }
    if stream.has_too_many_types() {
        let sampler = again(&stream);
        stream = stream.restarted();
        stream.choose_types(until)?;
        route.fill(definition, &mut stream, until, sampler)?;
    }
    stream.read_attributes(None)?;
    Ok(stream)
}

/// Reads the events up to an instant, and the attributes, of all profiles, into a stream that was opened for the schema
/// of a version: it knows what it tells apart.
pub fn read_known(
    definition: &Definition,
    mut stream: Stream,
    route: &Route,
    until: Micros,
) -> Result<Stream, Error> {
    route.fill(definition, &mut stream, until, None)?;
    refuse_no_events(definition, &stream)?;
    stream.read_attributes(None)?;
    Ok(stream)
}

fn refuse_no_events(definition: &Definition, stream: &Stream) -> Result<(), Error> {
    match stream.summary().counts.events {
        0 => Err(stream.no_events(definition)),
        _ => Ok(()),
    }
}
