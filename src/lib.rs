pub mod diagnostic;
pub mod load;
pub mod parse;
pub mod resolve;
pub mod tag;
pub mod tally;
pub mod write;
