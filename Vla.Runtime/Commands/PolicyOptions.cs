using System.CommandLine;
using Vla.Actors.Torch;

namespace Vla.Runtime.Commands;

/// <summary>Options that several commands share.</summary>
internal static class PolicyOptions
{
    /// <summary>Its default is shown in the help as it is on this machine.</summary>
    public static Option<string> Policy() =>
        new("--policy")
        {
            HelpName = "DIR",
            Description = "Policy directory",
            DefaultValueFactory = _ => ProjectPaths.NotebookPolicy,
        };

    public static Option<string> Device() =>
        new("--device")
        {
            HelpName = "DEVICE",
            Description = $"Where Torch computes: {TorchDevice.Choices}",
            DefaultValueFactory = _ => "auto",
        };
}
