import { expect, test } from '@jest/globals';
import { junitReport } from '../../../lib/command-line/conform/report.ts';

test('JUnit XML: a suite a level, what is unclear as skipped, and nothing that XML cannot hold', () => {
  const about = { id: 'a', title: 'An "a" & <b>', source: '2.7' } as const;
  const xml = junitReport([
    { ...about, level: 'draft', outcome: 'pass' },
    { ...about, level: 'draft', outcome: 'fail', detail: 'got \u0000\u001b[2K <500>' },
    { ...about, level: 'profile', outcome: 'unclear', detail: '--body' },
  ]);
  expect(xml).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="conform">
  <testsuite name="draft" tests="2" failures="1" errors="0" skipped="0">
    <testcase classname="draft.a" name="An &quot;a&quot; &amp; &lt;b&gt; (\u00a7 2.7)"/>
    <testcase classname="draft.a" name="An &quot;a&quot; &amp; &lt;b&gt; (\u00a7 2.7)">
      <failure message="got ??[2K &lt;500&gt;"/>
    </testcase>
  </testsuite>
  <testsuite name="profile" tests="1" failures="0" errors="0" skipped="1">
    <testcase classname="profile.a" name="An &quot;a&quot; &amp; &lt;b&gt; (\u00a7 2.7)">
      <skipped message="--body"/>
    </testcase>
  </testsuite>
</testsuites>
`);
});
