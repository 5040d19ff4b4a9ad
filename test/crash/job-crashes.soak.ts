process.env["REHOME_TEST_TIMES"] ??= "20";
for (const kind of ["build", "capture", "clone-join", "convergence", "copy", "disk", "restore", "restore-raw", "store"])
  await import(`./job-${kind}.slow.test.ts`);
