using System.CommandLine;
using Vla.Actors.Torch;
using Vla.Runtime.Libraries;
using Vla.Runtime.Policies;

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

    /// <summary>Made known by <see cref="Register"/>.</summary>
    public static Option<string[]> Libraries() =>
        new("--library")
        {
            HelpName = "FILE",
            Description =
                "A .dll with types of stages or families of policies of your own, which config.json of the policy "
                + "names; may be given several times",
        };

    /// <summary>Makes known what the libraries that were given have.</summary>
    /// <exception cref="UsageException">One cannot be used.</exception>
    public static void Register(ParseResult parsed, Option<string[]> libraries)
    {
        foreach (var file in parsed.GetValue(libraries) ?? [])
            PolicyLibrary.Register(file);
    }

    /// <summary>The policy's directory, for what looks at a model's parts.</summary>
    /// <exception cref="UsageException">The policy has none.</exception>
    public static string Directory(ParseResult parsed, Option<string> policy)
    {
        var text = parsed.GetValue(policy)!;
        return PolicyRegistry.Find(text) is PolicySpec.Directory or PolicySpec.Server
            ? text
            : throw new UsageException(
                $"--policy '{text}' is no directory: vla {parsed.CommandResult.Command.Name} takes one; vla run and "
                    + "vla eval take the others too, vla serve all but expert"
            );
    }

    public static Option<string> Device() =>
        new("--device")
        {
            HelpName = "DEVICE",
            Description = $"Where Torch computes: {TorchDevice.Choices}",
            DefaultValueFactory = _ => "auto",
        };
}
