/**
 * How Go runs the gateway: it collects garbage when the heap has grown to five times what is in use, where by itself it
 * would at twice. A gateway's garbage is what requests leave behind, and its heap in use is small: a tenth of its time
 * for a request is saved. What bounds the heap is GOMEMLIMIT, which the chart derives from the pod's limit.
 */
export const runtimeEnvironment = { GOGC: "400" } as const;
