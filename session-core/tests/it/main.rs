//! What must hold of the whole core, seen from outside.

mod clock;
mod house;
mod leaks;
mod session;
