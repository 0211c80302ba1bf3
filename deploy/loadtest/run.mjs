// Runs the scenarios one after the other and prints one table of all. Ends with 1 if a threshold was missed
// or a response was not what its scenario expects, and with 2 if it was called wrongly.
//
//   TARGET=http://127.0.0.1:8080 node run.mjs [SCENARIO …]

import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";

const all = ["readers", "members", "newsletter", "rankings"];
const here = import.meta.dirname;

const { TARGET, ENVIRONMENT = "here", WHILE_RANKINGS, DD_API_KEY } = process.env;
const chosen = process.argv.length > 2 ? process.argv.slice(2) : all;

function refuse(why) {
  console.error(`run: ${why}`);
  process.exit(2);
}
if (!TARGET) refuse("TARGET is not set");
if (!["here", "site"].includes(ENVIRONMENT)) refuse(`ENVIRONMENT=${ENVIRONMENT} is neither here nor site`);
if (new Set(chosen).size < chosen.length) refuse("a scenario is named twice");
for (const name of chosen)
  if (!all.includes(name)) refuse(`there is no scenario ${name}, but ${all.join(", ")}`);
if (!existsSync(path.join(here, "data", "members.csv"))) refuse("there is no data; run prepare.mjs first");

const artillery = path.join(
  path.dirname(createRequire(import.meta.url).resolve("artillery/package.json")),
  "bin/run",
);

// Longest time that one scenario may take here, in milliseconds; its phases take a quarter of a minute.
const limit = ENVIRONMENT === "here" ? 150_000 : undefined;

// Runs a program in this folder and returns its exit code and what it printed.
function program(command, args, environment = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: here,
      env: { ...process.env, ...environment },
      stdio: ["ignore", "pipe", "pipe"],
      timeout: limit,
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (output += text));
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, output }));
  });
}

async function run(name) {
  const report = path.join(here, "reports", `${name}.json`);
  const args = [
    "run",
    `${name}.yml`,
    "--config",
    "config.yml",
    "--environment",
    ENVIRONMENT,
    "--target",
    TARGET,
  ];
  args.push("--output", report);
  // --config is read last; what is added comes before it.
  if (DD_API_KEY) args.push("--input", "datadog.yml");
  const beside = name === "rankings" && WHILE_RANKINGS ? later(6, WHILE_RANKINGS) : undefined;
  const { code, output } = await program(process.execPath, [artillery, ...args], {
    ARTILLERY_DISABLE_TELEMETRY: "true",
    SCENARIO: name,
    DD_SITE: process.env.DD_SITE ?? "datadoghq.com",
    DD_ENV: process.env.DD_ENV ?? ENVIRONMENT,
  });
  await writeFile(path.join(here, "reports", `${name}.log`), output);
  const besides = await beside;
  if (code === null)
    return { name, failed: [`artillery did not end within ${limit / 1000} s; see reports/${name}.log`] };
  if (!existsSync(report)) return { name, failed: [`artillery ended with ${code}:\n${output.slice(-2000)}`] };
  const { aggregate } = JSON.parse(await readFile(report, "utf8"));
  return { name, ...figures(aggregate), failed: failures(code, output, aggregate, besides) };
}

// Runs a command in the middle of a scenario.
async function later(seconds, command) {
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  return { command, ...(await program("/bin/bash", ["-c", command])) };
}

function figures({ counters, rates, summaries }) {
  const times = summaries["http.response_time"] ?? {};
  const count = (prefix) =>
    Object.entries(counters).reduce((sum, [key, value]) => (key.startsWith(prefix) ? sum + value : sum), 0);
  return {
    requests: counters["http.requests"] ?? 0,
    rate: rates["http.request_rate"] ?? 0,
    p50: times.p50,
    p95: times.p95,
    p99: times.p99,
    slowest: times.max,
    errors: count("errors."),
  };
}

function failures(code, output, { counters, summaries }, besides) {
  const failed = [];
  for (const line of output.replaceAll(/\x1b\[[0-9;]*m/g, "").split("\n")) {
    if (line.startsWith("fail: ")) failed.push(line);
  }
  for (const [key, number] of Object.entries(counters)) {
    if (key.startsWith("errors.")) failed.push(`${number} × ${key.slice(7)}`);
  }
  if (failed.some((line) => line.startsWith("fail: "))) {
    const named = "plugins.metrics-by-endpoint.response_time.";
    const slow = Object.entries(summaries).filter(([key]) => key.startsWith(named));
    slow.sort(([, a], [, b]) => b.p95 - a.p95);
    for (const [key, { p95, p99 }] of slow.slice(0, 3))
      failed.push(`slowest: ${key.slice(named.length)}: p95 ${p95}, p99 ${p99}`);
  }
  if (besides && besides.code !== 0)
    failed.push(`${besides.command} ended with ${besides.code}: ${besides.output.slice(-500)}`);
  if (code !== 0 && failed.length === 0) failed.push(`artillery ended with ${code}; see reports/`);
  return failed;
}

function table(rows) {
  const number = (value, digits = 0) => (value === undefined ? "-" : value.toFixed(digits));
  const lines = [
    ["scenario", "requests", "requests/s", "p50 ms", "p95 ms", "p99 ms", "slowest ms", "errors", ""],
  ];
  for (const row of rows) {
    const { name, requests, rate, p50, p95, p99, slowest, errors, failed } = row;
    const times = [p50, p95, p99, slowest].map((time) => number(time, 0));
    lines.push([
      name,
      number(requests),
      number(rate),
      ...times,
      number(errors),
      failed.length ? "FAILED" : "ok",
    ]);
  }
  const widths = lines[0].map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  const pad = (cell, column) =>
    column === 0 || column === 8 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]);
  return lines.map((line) => line.map(pad).join("  ").trimEnd()).join("\n");
}

await mkdir(path.join(here, "reports"), { recursive: true });
const rows = [];
for (const name of chosen) {
  console.error(`running ${name} against ${TARGET}, as ${ENVIRONMENT}`);
  rows.push(await run(name));
}
console.log(table(rows));
for (const { name, failed } of rows) for (const line of failed) console.log(`${name}: ${line}`);
process.exit(rows.some(({ failed }) => failed.length) ? 1 : 0);
