import Commands

await CountersignCommand.main()
