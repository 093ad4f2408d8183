/** What the process takes of the machine: names as other programs on Prometheus have them. */
import { readdirSync, readFileSync } from "node:fs";
import { counter, gauge, type Metric } from "./metric.ts";

export const startedMs = Date.now() - process.uptime() * 1000;

export function processMetrics(): Metric[] {
	const { user, system } = process.cpuUsage();
	const { rss, heapUsed, heapTotal, external } = process.memoryUsage();
	const { active } = performance.eventLoopUtilization();
	return [
		counter(
			"process_cpu_seconds_total",
			"Seconds of processor time that the process has used, all threads together.",
			(user + system) / 1e6,
		),
		gauge("process_resident_memory_bytes", "Memory of the process.", rss),
		gauge(
			"process_start_time_seconds",
			"When the process started, in seconds since 1970.",
			startedMs / 1000,
		),
		gauge("process_open_fds", "Open file descriptors.", openFiles()),
		gauge("nodejs_heap_size_used_bytes", "Memory that JavaScript uses.", heapUsed),
		gauge("nodejs_heap_size_total_bytes", "Memory that JavaScript has for use.", heapTotal),
		gauge("nodejs_external_memory_bytes", "Memory of buffers.", external),
		counter(
			"nodejs_eventloop_active_seconds_total",
			"Seconds in which the main thread had work: at one a second, requests wait for it.",
			active / 1000,
		),
	];
}

/** Undefined on a system that does not tell it. */
function openFiles(): number | undefined {
	try {
		return readdirSync("/proc/self/fd").length;
	} catch {
		return undefined;
	}
}

/** Bytes that the process has read from disks and written to them; 0 if nobody tells. */
export function diskBytes(): { readonly read: number; readonly written: number } {
	try {
		const text = readFileSync("/proc/self/io", "latin1");
		const of = (name: string) => Number(new RegExp(`^${name}: (\\d+)$`, "m").exec(text)?.[1] ?? 0);
		return { read: of("read_bytes"), written: of("write_bytes") };
	} catch {
		return { read: 0, written: 0 };
	}
}
