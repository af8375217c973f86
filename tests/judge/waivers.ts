import { z } from "zod";
import type { Complaint } from "./judge.ts";

const schema = z.array(
  z.strictObject({
    judge: z.string(),
    check: z.string(),
    /** Objects to which the reason applies; `*` stands for any text. */
    objects: z.array(z.string()).min(1),
    /** What the complaint must say, where the reason answers only some of them. */
    detail: z.string().default("*"),
    /** Whether it may match nothing: for what only some made-up requests come upon. */
    occasional: z.boolean().default(false),
    reason: z.string().min(20),
  }),
);
export type Waiver = z.infer<typeof schema>[number];

export interface Ruling {
  /** Complaints that no waiver answers, and waivers that answer no complaint. */
  readonly complaints: readonly Complaint[];
  /** Complaints that a waiver answers. */
  readonly waived: number;
}

/** @throws ZodError where a waiver lacks something, such as its reason */
export function readWaivers(content: unknown): Waiver[] {
  return schema.parse(content);
}

/** Takes out the complaints of a judge that are waived, and complains of each waiver that has nothing left to waive. */
export function applyWaivers(
  judge: string,
  waivers: readonly Waiver[],
  complaints: readonly Complaint[],
): Ruling {
  const selectors = waivers
    .filter((waiver) => waiver.judge === judge)
    .flatMap(({ objects, ...rest }) => objects.map((object) => ({ object, ...rest })));
  const answered = (complaint: Complaint) =>
    selectors.filter(
      ({ check, object, detail }) =>
        check === complaint.check && matches(object, complaint.object) && matches(detail, complaint.detail),
    );

  const used = new Set(complaints.flatMap(answered));
  const left = complaints.filter((complaint) => answered(complaint).length === 0);
  const idle = selectors
    .filter((selector) => !selector.occasional && !used.has(selector))
    .map(({ check, object }) => ({
      check,
      object,
      detail: "this waiver matches nothing any more: remove it",
    }));
  return { complaints: [...left, ...idle], waived: complaints.length - left.length };
}

function matches(selector: string, text: string): boolean {
  const escaped = selector.split("*").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${escaped.join(".*")}$`, "s").test(text);
}
