//! Holes, templates, findings and accounts.
