import { exitStatus, type ExitStatus } from "../../../core/exit-status.ts";
import type { RetentionRules, Retention } from "../../../image/retention/plan-forget.ts";
import { forget } from "../../../library/store/forget.ts";
import type { CommandContext } from "../../command-context.ts";
import type { ForgetCall } from "../../definition/index.ts";
import { countOf } from "../../render/quantities.ts";
import { formatTable, type Column } from "../../render/table.ts";
import { formatIsoTime } from "../../render/time.ts";
import { labelOf, shortId } from "../image-label.ts";

/** `rehome forget`. */
export async function runForget(call: ForgetCall, context: CommandContext): Promise<ExitStatus> {
  const { common, store, output, messages, onJob } = context;
  const { dryRun } = call;
  const plan = await forget(call.pattern, { ...store, rules: rulesOf(call), dryRun, onJob });
  if (common.json) {
    output.document({
      images: plan.map(({ image, names, reasons }) => ({ id: image, names: names.map(labelOf), keeps: reasons })),
      dryRun,
    });
    return exitStatus.done;
  }
  output.lines(formatTable(columns(dryRun), plan, output.width));
  const gone = plan.filter(({ reasons }) => reasons.length === 0).length;
  messages.remark(`${dryRun ? "would forget" : "forgot"} ${countOf(gone, "image")} of ${plan.length}`);
  if (!dryRun && gone > 0) messages.remark("`rehome store prune` frees what no image needs any more");
  return exitStatus.done;
}

function rulesOf(call: ForgetCall): RetentionRules {
  const { keepLast, keepHourly, keepDaily, keepWeekly, keepMonthly, keepYearly, keepWithin } = call;
  return {
    ...(keepLast !== undefined && { last: keepLast }),
    ...(keepHourly !== undefined && { hourly: keepHourly }),
    ...(keepDaily !== undefined && { daily: keepDaily }),
    ...(keepWeekly !== undefined && { weekly: keepWeekly }),
    ...(keepMonthly !== undefined && { monthly: keepMonthly }),
    ...(keepYearly !== undefined && { yearly: keepYearly }),
    ...(keepWithin !== undefined && { withinMs: keepWithin }),
  };
}

function columns(dryRun: boolean): readonly Column<Retention>[] {
  const gone = dryRun ? "would go" : "gone";
  return [
    { title: "IMAGE", cell: ({ names }) => names.map(({ name, tag }) => `${name}:${tag}`).join(" "), cuttable: true },
    { title: "ID", cell: ({ image }) => shortId(image), dispensable: 1 },
    { title: "CAPTURED", cell: ({ names }) => formatIsoTime(names[0]?.capturedAt ?? "") },
    { title: "STAYS FOR", cell: ({ reasons }) => (reasons.length === 0 ? gone : reasons.join(", ")), cuttable: true },
  ];
}
