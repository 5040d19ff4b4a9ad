import type { TreePath } from "../../../core/tree/byte-string.ts";
import type { Operation } from "../operation.ts";
import { at, pathsIn, removals } from "../text/tree-paths.ts";

/** What says that a cloud's or a vendor's first start has been, and who the machine is to them. */
const statePaths = [
  "var/log/cloud-init.log",
  "var/log/cloud-init-output.log",
  "etc/.ignition-result.json",
  "var/lib/waagent/provisioned",
  "var/lib/google/google-startup-scripts",
  "etc/instance_id",
  "etc/sysconfig/rhn/systemid",
  "var/lib/rhsm/productid.js",
  "var/lib/ubuntu-advantage/private/machine-token.json",
  "var/lib/landscape/client/broker.bpickle",
];

/** cloud-init and its kin begin anew, and a subscription is not used twice. The seed of cloud-init stays: it is configuration. */
export const firstBoot: Operation<"first-boot"> = {
  name: "first-boot",
  summary: "state of cloud-init and of other first-boot programs",
  policies: ["reset"],
  examine(tree) {
    const cloud = pathsIn(tree, "var/lib/cloud", /^(?!seed$)/);
    const consumer = pathsIn(tree, "etc/pki/consumer", /\.pem$/);
    const paths: readonly TreePath[] = [...cloud, ...consumer, ...statePaths.map(at)];
    return { changes: removals(tree, paths, "of the machine it was copied from") };
  },
};
