//! fault_storm
