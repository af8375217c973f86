import { expect, it } from "vitest";
import { complianceOf } from "./sslyze.ts";

const text = `
 COMPLIANCE AGAINST TLS CONFIGURATION
 ------------------------------------

    Checking results against Mozilla's "modern" configuration.

    localhost:8443: OK - Compliant.

    localhost:20001: FAILED - Not compliant.
        * tls_curves: TLS curves {'X448'} are supported, but should be rejected.
        * tls_versions: TLS versions {'TLSv1.2'} are supported, but should be rejected.

    localhost:20002: ERROR - Scan did not run successfully; review the scan logs above.
`;

it("reads from sslyze's text which listeners are compliant, and what is wrong with the others", () => {
  expect(complianceOf(text, 8443)).toEqual([]);
  expect(complianceOf(text, 20001)).toEqual([
    { check: "tls_curves", detail: "TLS curves {'X448'} are supported, but should be rejected." },
    { check: "tls_versions", detail: "TLS versions {'TLSv1.2'} are supported, but should be rejected." },
  ]);
});

it("takes a listener for judged only where sslyze says so", () => {
  expect(complianceOf(text, 20002)).toBeUndefined();
  expect(complianceOf(text, 844)).toBeUndefined();
  expect(complianceOf("", 8443)).toBeUndefined();
});
