#!/usr/bin/env node
import { ensureFlatMemory } from './flat-memory.ts';

ensureFlatMemory();
// Loaded only now: what is loaded before would be loaded twice.
const { runCommandLine } = await import('./command-line.ts');
await runCommandLine();
