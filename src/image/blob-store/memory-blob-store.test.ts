import { describeBlobStore } from "./blob-store.contract.ts";
import { memoryBlobStore } from "./memory-blob-store.ts";

describeBlobStore("memoryBlobStore()", () => ({ blobs: memoryBlobStore(), end: () => undefined }));
