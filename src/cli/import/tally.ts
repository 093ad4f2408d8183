/**
 * What an import has delivered so far: for its summary, and for the time that is left.
 *
 * Thousands of events may wait between the file and the server. So how much of the file was read
 * says little: a small file is read in an instant, and then takes a minute.
 */
import { count } from "../output/progress.ts";

/** How far the input was read, in its own bytes; undefined if its size is unknown. */
export type Input = {
	readonly bytes: number | undefined;
	bytesRead(): number;
};

export class Tally {
	/** Events that the server has acknowledged, and how many of them it had already. */
	events = 0;
	repeated = 0;
	readonly #streams = new Set<string>();
	#charsRead = 0;
	#charsTaken = 0;
	#eventsTaken = 0;

	/** Notes lines that were read; they are taken one by one. */
	read(lines: readonly string[]): void {
		for (const line of lines) this.#charsRead += line.length + 1;
	}

	/** Notes that a line goes on its way, as an event or as nothing. */
	taken(line: string, isEvent: boolean): void {
		this.#charsTaken += line.length + 1;
		if (isEvent) this.#eventsTaken++;
	}

	/** Notes events of one stream that the server has. */
	delivered(stream: string, events: number, repeated: number): void {
		this.events += events;
		this.repeated += repeated;
		this.#streams.add(stream);
	}

	/** The part of the input that has arrived, from 0 to 1; undefined if its size is unknown. */
	fraction({ bytes, bytesRead }: Input): number | undefined {
		if (bytes === undefined || bytes === 0) return undefined;
		const taken = this.#charsRead === 0 ? 0 : this.#charsTaken / this.#charsRead;
		const arrived = this.#eventsTaken === 0 ? 1 : this.events / this.#eventsTaken;
		return Math.min(1, (bytesRead() / bytes) * taken * arrived);
	}

	/** `imported 600 events (200 already there) into 3 streams in 0.2 s, 3,000 events/s` */
	summary(ms: number): string {
		const there = this.repeated === 0 ? "" : ` (${count(this.repeated)} already there)`;
		const rate = count(Math.round(this.events / Math.max(ms / 1000, 0.001)));
		const streams = counted(this.#streams.size, "stream");
		const what = `${counted(this.events, "event")}${there} into ${streams}`;
		return `imported ${what} in ${(ms / 1000).toFixed(1)} s, ${rate} events/s`;
	}
}

export function counted(number: number, noun: string): string {
	return `${count(number)} ${noun}${number === 1 ? "" : "s"}`;
}
