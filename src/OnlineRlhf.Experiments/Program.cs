using System.CommandLine;
using OnlineRlhf.Experiments;

var root = new RootCommand("The experiments of \"Provably Efficient Online RLHF with One-Pass Reward Modeling\" on this project's own learner and loop.") { PaperVerb.Create(), FeaturesVerb.Create() };
return await root.Parse(args).InvokeAsync();
