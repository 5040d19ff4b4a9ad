import koffi from "koffi";

/**
 * The calls of the C library that Node lacks, and the `*at` family by which a tree is read and written without ever
 * resolving a path of more than one component. Structures are plain buffers; see statx(2), getdents64(2), ioctl_fs(2).
 */
const library = koffi.load("libc.so.6");

type Pointer = Uint8Array | null;

function bind<Call>(prototype: string): Call {
  return library.func(prototype) as unknown as Call;
}

function bindLater<Argument>(prototype: string): (argument: Argument) => Promise<number> {
  const { async: call } = library.func(prototype) as unknown as {
    readonly async: (argument: Argument, done: (error: Error | null, result: number) => void) => void;
  };
  return (argument) =>
    new Promise((resolve, reject) => {
      call(argument, (error, result) => {
        if (error) reject(error);
        else resolve(result);
      });
    });
}

/** The error number of this thread's last failed call. */
export const errno: () => number = () => koffi.errno();

export const fcntl: (file: number, command: number, argument: number) => number = bind("int fcntl(int, int, int)");
export const fcntlLock: (file: number, command: number, lock: Pointer) => number = bind("int fcntl(int, int, void*)");
export const openat: (directory: number, name: Pointer, flags: number, mode: number) => number = bind(
  "int openat(int, const void*, int, uint32_t)",
);
export const close: (file: number) => number = bind("int close(int)");
export const syscallGetdents: (number: number, file: number, buffer: Pointer, length: number) => number = bind(
  "int64_t syscall(int64_t, int64_t, void*, size_t)",
);
export const statx: (directory: number, name: Pointer, flags: number, mask: number, into: Pointer) => number = bind(
  "int statx(int, const void*, int, uint32_t, void*)",
);
export const readlinkat: (directory: number, name: Pointer, into: Pointer, length: number) => number = bind(
  "int64_t readlinkat(int, const void*, void*, size_t)",
);
export const llistxattr: (path: Pointer, into: Pointer, length: number) => number = bind(
  "int64_t llistxattr(const void*, void*, size_t)",
);
export const lgetxattr: (path: Pointer, name: Pointer, into: Pointer, length: number) => number = bind(
  "int64_t lgetxattr(const void*, const void*, void*, size_t)",
);
export const flistxattr: (file: number, into: Pointer, length: number) => number = bind(
  "int64_t flistxattr(int, void*, size_t)",
);
export const fgetxattr: (file: number, name: Pointer, into: Pointer, length: number) => number = bind(
  "int64_t fgetxattr(int, const void*, void*, size_t)",
);
export const lsetxattr: (path: Pointer, name: Pointer, value: Pointer, length: number, flags: number) => number = bind(
  "int lsetxattr(const void*, const void*, const void*, size_t, int)",
);
export const fsetxattr: (file: number, name: Pointer, value: Pointer, length: number, flags: number) => number = bind(
  "int fsetxattr(int, const void*, const void*, size_t, int)",
);
export const lremovexattr: (path: Pointer, name: Pointer) => number = bind(
  "int lremovexattr(const void*, const void*)",
);
export const fremovexattr: (file: number, name: Pointer) => number = bind("int fremovexattr(int, const void*)");
export const flock: (file: number, operation: number) => number = bind("int flock(int, int)");
export const ioctl: (file: number, request: number, argument: Pointer) => number = bind(
  "int ioctl(int, uint64_t, void*)",
);
export const pread: (file: number, into: Pointer, length: number, position: number) => number = bind(
  "int64_t pread64(int, void*, size_t, int64_t)",
);
export const pwrite: (file: number, from: Pointer, length: number, position: number) => number = bind(
  "int64_t pwrite64(int, const void*, size_t, int64_t)",
);
export const lseek: (file: number, position: number, whence: number) => number = bind(
  "int64_t lseek64(int, int64_t, int)",
);
export const ftruncate: (file: number, length: number) => number = bind("int ftruncate64(int, int64_t)");
export const syncfs: (file: number) => number = bind("int syncfs(int)");
/** The same in another thread: it may take seconds. */
export const syncfsLater: (file: number) => Promise<number> = bindLater("int syncfs(int)");
export const posixFadvise: (file: number, offset: number, length: number, advice: number) => number = bind(
  "int posix_fadvise64(int, int64_t, int64_t, int)",
);
export const mkdirat: (directory: number, name: Pointer, mode: number) => number = bind(
  "int mkdirat(int, const void*, uint32_t)",
);
export const mknodat: (directory: number, name: Pointer, mode: number, device: bigint) => number = bind(
  "int mknodat(int, const void*, uint32_t, uint64_t)",
);
export const symlinkat: (target: Pointer, directory: number, name: Pointer) => number = bind(
  "int symlinkat(const void*, int, const void*)",
);
export const linkat: (fromDirectory: number, from: Pointer, directory: number, name: Pointer, flags: number) => number =
  bind("int linkat(int, const void*, int, const void*, int)");
export const unlinkat: (directory: number, name: Pointer, flags: number) => number = bind(
  "int unlinkat(int, const void*, int)",
);
export const renameat2: (
  fromDirectory: number,
  from: Pointer,
  directory: number,
  name: Pointer,
  flags: number,
) => number = bind("int renameat2(int, const void*, int, const void*, uint32_t)");
export const fchownat: (directory: number, name: Pointer, uid: number, gid: number, flags: number) => number = bind(
  "int fchownat(int, const void*, uint32_t, uint32_t, int)",
);
export const fchown: (file: number, uid: number, gid: number) => number = bind("int fchown(int, uint32_t, uint32_t)");
export const fchmod: (file: number, mode: number) => number = bind("int fchmod(int, uint32_t)");
export const fchmodat: (directory: number, name: Pointer, mode: number, flags: number) => number = bind(
  "int fchmodat(int, const void*, uint32_t, int)",
);
export const futimens: (file: number, times: Pointer) => number = bind("int futimens(int, const void*)");
export const utimensat: (directory: number, name: Pointer, times: Pointer, flags: number) => number = bind(
  "int utimensat(int, const void*, const void*, int)",
);
export const mallopt: (parameter: number, value: number) => number = bind("int mallopt(int, int)");
export const ioprioSet: (number: number, which: number, who: number, priority: number) => number = bind(
  "int64_t syscall(int64_t, int64_t, int64_t, int64_t)",
);

/** Values of `fcntl.h`, `linux/stat.h`, `linux/fs.h` and `unistd.h` on Linux; those that differ by machine are chosen here. */
const arm = process.arch === "arm64";
export const O_RDONLY = 0;
export const O_RDWR = 2;
export const O_CREAT = 0o100;
export const O_EXCL = 0o200;
export const O_NONBLOCK = 0o4000;
export const O_DIRECTORY: number = arm ? 0o40000 : 0o200000;
export const O_NOFOLLOW: number = arm ? 0o100000 : 0o400000;
export const O_NOATIME = 0o1000000;
export const O_CLOEXEC = 0o2000000;
export const O_PATH = 0o10000000;
export const AT_FDCWD = -100;
export const AT_SYMLINK_NOFOLLOW = 0x100;
export const AT_REMOVEDIR = 0x200;
export const AT_EMPTY_PATH = 0x1000;
export const AT_NO_AUTOMOUNT = 0x800;
export const STATX_BASIC_STATS = 0x7ff;
export const SEEK_DATA = 3;
export const SEEK_HOLE = 4;
export const POSIX_FADV_WILLNEED = 3;
export const POSIX_FADV_DONTNEED = 4;
export const SYS_getdents64: number = arm ? 61 : 217;
export const SYS_ioprio_set: number = arm ? 30 : 251;
export const FS_IOC_GETFLAGS = 0x8008_6601;
export const FS_IOC_SETFLAGS = 0x4008_6602;
/** Values of `malloc.h`. */
export const M_TRIM_THRESHOLD = -1;
export const M_TOP_PAD = -2;
export const M_MMAP_THRESHOLD = -3;
/** Values of `linux/loop.h`. */
export const LOOP_GET_STATUS64 = 0x4c05;
export const LOOP_CONFIGURE = 0x4c0a;
export const LOOP_CTL_GET_FREE = 0x4c82;
export const LO_FLAGS_AUTOCLEAR = 4;

/** A name or path of bytes, ended with NUL, as the calls above take it. */
export function cString(bytes: string): Uint8Array {
  const buffer = Buffer.allocUnsafe(bytes.length + 1);
  buffer.write(bytes, 0, "latin1");
  buffer[bytes.length] = 0;
  return buffer;
}
