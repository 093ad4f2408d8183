/** The text of /metrics, as tests look at it. */
import type { Lane } from "../harness.ts";

export type Sample = {
	readonly name: string;
	readonly labels: string;
	readonly value: number;
};

export async function samples(lane: Lane): Promise<Sample[]> {
	const { text } = await lane.ask({ path: "/metrics" });
	return [...text.matchAll(/^(\w+)(?:\{(.*)\})? (\S+)$/gm)].map(
		([, name = "", labels = "", value]) => ({ name, labels, value: Number(value) }),
	);
}

/** The sum of the samples of a name whose labels hold all of `parts`. */
export async function sumOf(lane: Lane, name: string, ...parts: string[]): Promise<number> {
	const found = (await samples(lane)).filter(
		(one) => one.name === name && parts.every((part) => one.labels.includes(part)),
	);
	return found.reduce((sum, { value }) => sum + value, 0);
}

/** Names, labels and help texts, as docs/metrics.md has them in its table. */
export function described(text: string): string[] {
	const parts = text.matchAll(/^# HELP (\S+) (.*)\n# TYPE \S+ \w+\n((?:[^#\n].*\n)*)/gm);
	return [...parts].map(([, name, help, body = ""]) => {
		const found = [...body.matchAll(/(\w+)="/g)].map(([, label]) => label);
		const labels = [...new Set(found)].filter((label) => label !== "le");
		const cell = labels.map((label) => `\`${label}\``).join(", ");
		return `| \`${name}\` | ${cell === "" ? "" : `${cell} `}| ${help} |`;
	});
}
