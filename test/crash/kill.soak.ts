process.env["REHOME_TEST_TIMES"] ??= "5";
await import("./kill.slow.test.ts");
