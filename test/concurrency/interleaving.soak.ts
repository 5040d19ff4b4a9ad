process.env["REHOME_TEST_TIMES"] ??= "20";
await import("./interleaving.slow.test.ts");
