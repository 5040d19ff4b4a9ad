process.env["REHOME_TEST_TIMES"] ??= "10";
await import("./processes.slow.test.ts");
