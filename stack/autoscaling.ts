import type { PodSettings } from "./config.ts";

/** Adds pods at once when they are busy, and removes one at a time when they have been idle for a while. */
export function autoscaling(pods: PodSettings) {
  return {
    minReplicas: pods.minPods,
    maxReplicas: pods.maxPods,
    metrics: [
      {
        type: "Resource",
        resource: { name: "cpu", target: { type: "Utilization", averageUtilization: pods.cpuPercent } },
      },
    ],
    behavior: {
      scaleUp: { stabilizationWindowSeconds: 0 },
      scaleDown: {
        stabilizationWindowSeconds: pods.scaleDownSeconds,
        policies: [{ type: "Pods", value: 1, periodSeconds: 30 }],
      },
    },
  };
}

/** The autoscaler of a Deployment. */
export function autoscaler(deployment: string, pods: PodSettings) {
  return {
    scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: deployment },
    ...autoscaling(pods),
  };
}
