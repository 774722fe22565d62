//! The process: arguments, the line editor, the printer, exit codes.
mod demo;
mod editor;
mod printer;
mod terminal;

pub use demo::main;
