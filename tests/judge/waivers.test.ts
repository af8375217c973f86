import { describe, expect, it } from "vitest";
import type { Complaint } from "./judge.ts";
import { applyWaivers, readWaivers } from "./waivers.ts";

const complaint = (object: string, detail = "no digest"): Complaint => ({
  check: "image-digest",
  object,
  detail,
});
const waiver = (objects: string[], more: object = {}) =>
  readWaivers([
    {
      judge: "checkov",
      check: "image-digest",
      objects,
      reason: "The tag is a hash of the content.",
      ...more,
    },
  ]);

describe("a waiver", () => {
  it("answers complaints of its judge and check about its objects, and no others", () => {
    const ruling = applyWaivers("checkov", waiver(["Deployment/*"]), [
      complaint("Deployment/orders"),
      complaint("Job/migrations"),
      { ...complaint("Deployment/orders"), check: "other" },
    ]);

    expect(ruling.waived).toBe(1);
    expect(ruling.complaints).toMatchObject([{ object: "Job/migrations" }, { check: "other" }]);
  });

  it("answers only complaints that say what it names", () => {
    const narrow = waiver(["*"], { detail: "*digest" });
    const ruling = applyWaivers("checkov", narrow, [complaint("Pod/a"), complaint("Pod/a", "no tag")]);

    expect(ruling.complaints).toMatchObject([{ detail: "no tag" }]);
  });

  it("is a complaint itself for each selector that matches nothing any more", () => {
    const ruling = applyWaivers("checkov", waiver(["Deployment/orders", "Deployment/gone"]), [
      complaint("Deployment/orders"),
    ]);

    expect(ruling.complaints).toMatchObject([{ check: "image-digest", object: "Deployment/gone" }]);
  });

  it("that is for an occasion may match nothing", () => {
    expect(applyWaivers("checkov", waiver(["Pod/a"], { occasional: true }), []).complaints).toEqual([]);
  });

  it("takes text as it is, but for the star", () => {
    const ruling = applyWaivers("checkov", waiver(["GET /a.b"]), [
      complaint("GET /a.b"),
      complaint("GET /aXb"),
    ]);

    expect(ruling.complaints).toMatchObject([{ object: "GET /aXb" }]);
  });

  it("of another judge answers nothing and is not missed", () => {
    const ruling = applyWaivers("kube-score", waiver(["*"]), [complaint("Pod/a")]);

    expect(ruling).toEqual({ complaints: [complaint("Pod/a")], waived: 0 });
  });

  it("needs a reason", () => {
    expect(() => readWaivers([{ judge: "checkov", check: "a", objects: ["*"], reason: "" }])).toThrow();
  });
});
