/** How far a verification is. */
import type { VerifyProgress } from "../../log.ts";
import type { Part } from "../../verify/view.ts";
import type { Job } from "./jobs.ts";

/** The cost of checking an entry, the files and the notes, as a part of the cost of an event. */
const ENTRY_SHARE = 0.08;
const PART_SHARES: Record<Part, number> = { files: 0.4, notes: 0.15 };

export class ProgressCount {
	readonly #size: number;
	readonly #onProgress: (progress: VerifyProgress) => void;
	#events = 0;
	#entries = 0;
	#parts = 0;

	/** @param size events there are to be checked */
	constructor(size: number, onProgress: (progress: VerifyProgress) => void) {
		this.#size = size;
		this.#onProgress = onProgress;
	}

	entries(seen: number): void {
		this.#entries += seen;
		this.#tell();
	}

	done(job: Job): void {
		if (job.kind === "events") this.#events += job.block.to - job.block.from;
		else if (job.kind === "entries") this.#entries = Number.POSITIVE_INFINITY;
		else if (job.kind === "files" || job.kind === "notes") this.#parts += PART_SHARES[job.kind];
		this.#tell();
	}

	#tell(): void {
		const size = this.#size;
		// An event has three entries or four, and an id.
		const others = Math.min(this.#entries, 4 * size) * ENTRY_SHARE + size * this.#parts;
		const total = size * (1 + 4 * ENTRY_SHARE + PART_SHARES.files + PART_SHARES.notes);
		const fraction = (this.#events + others) / Math.max(total, 1);
		this.#onProgress({ events: this.#events, fraction });
	}
}
