import { Positions } from "../../../src/log/verify/positions.ts";

test("positions come in rising order, each once, however they were added", () => {
	const positions = new Positions();
	const added = [8192, 0, 7, 8191, 2 ** 40 + 3, 7, 20_000_000, 8];
	for (const position of added) positions.add(position);
	expect([...positions]).toEqual([...new Set(added)].sort((one, other) => one - other));
	for (const position of added) expect(positions.has(position)).toBe(true);
	for (const position of [1, 9, 8193, 2 ** 40 + 2, 2 ** 41]) {
		expect(positions.has(position)).toBe(false);
	}
});

test("there may be more of them than a Set holds", () => {
	const positions = new Positions();
	const many = 2 ** 24 + 1;
	for (let position = 0; position < many; position++) positions.add(position);
	let counted = 0;
	for (const position of positions) if (position === counted) counted++;
	expect(counted).toBe(many);
});
