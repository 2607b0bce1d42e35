//! Flags and numbers of the kernel: modules, nodes, waiting, priorities.

use crate::bigtime_t;
use crate::constants::constants;

constants! {
    B_DEVICE_GOING_UP: i32 = 1;
    B_DEVICE_GOING_DOWN: i32 = 2;
    B_DEVICE_BEING_REMOVED: i32 = 3;
    B_MODULE_INIT: i32 = 1;
    B_MODULE_UNINIT: i32 = 2;
    B_KEEP_LOADED: u32 = 1;
    B_SET_NONBLOCKING_IO: u32 = 3;
    B_SET_BLOCKING_IO: u32 = 4;
    B_GET_READ_STATUS: u32 = 5;
    B_GET_WRITE_STATUS: u32 = 6;
    B_DEVICE_OP_CODES_END: u32 = 9999;
    B_SELECT_READ: u8 = 1;
    B_SELECT_WRITE: u8 = 2;
    B_SELECT_ERROR: u8 = 3;
    B_SELECT_PRI_READ: u8 = 4;
    B_SELECT_PRI_WRITE: u8 = 5;
    B_SELECT_HIGH_PRI_READ: u8 = 6;
    B_SELECT_HIGH_PRI_WRITE: u8 = 7;
    B_SELECT_DISCONNECTED: u8 = 8;
    O_RDONLY: i32 = 0;
    O_WRONLY: i32 = 1;
    O_RDWR: i32 = 2;
    O_RWMASK: i32 = 3;
    O_NONBLOCK: i32 = 128;
    O_CLOEXEC: i32 = 64;
    O_APPEND: i32 = 2048;
    B_CAN_INTERRUPT: u32 = 1;
    B_KILL_CAN_INTERRUPT: u32 = 32;
    B_CHECK_PERMISSION: u32 = 4;
    B_DO_NOT_RESCHEDULE: u32 = 2;
    B_RELEASE_ALL: u32 = 8;
    B_RELEASE_IF_WAITING_ONLY: u32 = 16;
    B_RELATIVE_TIMEOUT: u32 = 8;
    B_ABSOLUTE_TIMEOUT: u32 = 16;
    B_INFINITE_TIMEOUT: bigtime_t = 9223372036854775807;
    B_OS_NAME_LENGTH: usize = 32;
    B_FILE_NAME_LENGTH: usize = 256;
    B_PATH_NAME_LENGTH: usize = 1024;
    B_PAGE_SIZE: usize = 4096;
    B_IDLE_PRIORITY: i32 = 0;
    B_LOW_PRIORITY: i32 = 5;
    B_NORMAL_PRIORITY: i32 = 10;
    B_DISPLAY_PRIORITY: i32 = 15;
    B_URGENT_DISPLAY_PRIORITY: i32 = 20;
    B_REAL_TIME_DISPLAY_PRIORITY: i32 = 100;
    B_URGENT_PRIORITY: i32 = 110;
    B_REAL_TIME_PRIORITY: i32 = 120;
    MUTEX_FLAG_CLONE_NAME: u32 = 1;
}
