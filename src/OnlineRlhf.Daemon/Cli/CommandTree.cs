using System.CommandLine;

namespace OnlineRlhf.Daemon.Cli;

/// <summary>All commands of the program. Help, the manual and the completion are made from them.</summary>
internal static class CommandTree
{
    internal static RootCommand Create() =>
        new("A language model on this device that learns which answers you like. Nothing you say is stored or leaves the device.")
        {
            ServeVerb.Create(),
            DemoVerb.Create(),
            AskVerb.Create(),
            PreferVerb.Create(),
            LearnVerb.Create(),
            WatchVerb.Create(),
            KeyVerb.Create(),
            StatusVerb.Create(),
            DoctorVerb.Create(),
            BenchVerb.Create(),
            ModelVerb.Create(),
            ButtonsVerb.Create(),
        };
}
