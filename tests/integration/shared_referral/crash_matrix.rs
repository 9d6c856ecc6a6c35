//! crash_matrix
