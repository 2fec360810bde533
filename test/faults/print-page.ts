import { faultsPage } from './faults-page.ts';

process.stdout.write(faultsPage());
