/**
 * The facts of a manifest: what a captured tree tells about itself, and what a host shows of its hardware.
 *
 * Nothing here touches a tree or a host: a tree is read through the port {@link SystemSources}, a host is described from
 * {@link HostObservations}. Everything read is bounded, and nothing of it is believed beyond its own manifest.
 */
export { describeHost, type HostObservations } from "./host/describe-host.ts";
export type { ObservedInterface } from "./host/network-interfaces.ts";
export { readInventory } from "./inventory/read-inventory.ts";
export type { PackageFiles } from "./packages/file-check.ts";
export { parseOsRelease } from "./tree/os-release.ts";
export { elfHeaderBytes, parseElfArchitecture } from "./tree/elf-architecture.ts";
export { readSystemFacts } from "./read-system-facts.ts";
export type { ModifiedFiles, RecordedFile, SystemSources, TreeFiles } from "./system-sources.ts";
