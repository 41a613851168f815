//! Items for the tests of this package. The tests are in their own file, as unit tests would compile the kernels a
//! second time.

pub use crate::draws::normal_place;
pub use crate::kernels::{Input, Kernel, Synapse};
pub use crate::spike_memory::SpikeMemory;
pub use crate::vector::kernel;
#[cfg(target_arch = "x86_64")]
pub use pulp::x86::V3;

use crate::kernels::{Compiled, Visitor, dispatch};

/// Returns the compiled kernel that serves as this one.
#[must_use]
pub fn compiled(kernel: Kernel) -> Option<Kernel> {
    struct Find<'a>(&'a mut Option<Kernel>);
    impl Visitor for Find<'_> {
        fn visit<K: Compiled>(self) {
            *self.0 = Some(K::KERNEL);
        }
    }
    let mut found = None;
    dispatch(kernel, Find(&mut found));
    found
}
