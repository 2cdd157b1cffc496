using System.CommandLine;
using Vla.Actors.Policies;
using Vla.Actors.Torch;
using Vla.Runtime.Libraries;
using Vla.Runtime.Policies;
using Vla.Runtime.Settings;

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

    /// <summary>What is chosen of a policy; read by <see cref="ChoiceOptions.Of"/>.</summary>
    public static ChoiceOptions Choices() => new();

    /// <summary>Makes known what the libraries that were given have.</summary>
    /// <exception cref="UsageException">One cannot be used.</exception>
    public static void Register(ParseResult parsed, Option<string[]> libraries)
    {
        foreach (var file in parsed.GetValue(libraries) ?? [])
            PolicyLibrary.Register(file);
    }

    /// <summary>The policy's directory, for what looks at a model's parts.</summary>
    /// <exception cref="UsageException">The policy has none.</exception>
    public static string Directory(ParseResult parsed, Option<string> policy) =>
        Directory(parsed, parsed.GetValue(policy)!);

    /// <summary>The same of a text that was given.</summary>
    /// <exception cref="UsageException">The policy has no directory.</exception>
    public static string Directory(ParseResult parsed, string text) =>
        PolicyRegistry.Find(text) is PolicySpec.Directory
            ? text
            : throw new UsageException(
                $"--policy '{text}' is no directory: vla {parsed.CommandResult.Command.Name} takes one; vla run and "
                    + "vla eval take the others too, vla serve all but expert, and vla model a policy server"
            );

    public static Option<string> Device() =>
        new("--device")
        {
            HelpName = "DEVICE",
            Description = $"Where Torch computes: {TorchDevice.Choices}",
            DefaultValueFactory = _ => "auto",
        };
}

/// <summary>The options by which commands choose of a policy what its directory leaves open.</summary>
internal sealed class ChoiceOptions
{
    public Option<long> Seed { get; } =
        new("--policy-seed")
        {
            HelpName = "N",
            Description = "What a policy's chance begins with: the same number, the same chance (default: its own)",
        };

    public Option<string> Chunking { get; } =
        new Option<string>("--real-time-chunking")
        {
            Description = "Whether each chunk is made to go on from the one before it; auto: as the checkpoint says",
            DefaultValueFactory = _ => "auto",
        }.AcceptOnlyFromAmong("auto", "on", "off");

    public Option<string> UnnormKey { get; } =
        new("--unnorm-key")
        {
            HelpName = "NAME",
            Description = "The data set whose statistics bring an OpenVLA's actions to the robot's units",
            DefaultValueFactory = _ => "",
        };

    public void AddTo(Command command)
    {
        command.Add(Seed);
        command.Add(Chunking);
        command.Add(UnnormKey);
    }

    /// <exception cref="UsageException">The seed is out of its range.</exception>
    public PolicyChoices Of(ParseResult parsed) =>
        VlaSettings.Choices(
            Bounds.Require("--policy-seed", parsed.GetValue(Seed), 0, VlaSettings.LargestPolicySeed),
            parsed.GetValue(Chunking)!,
            parsed.GetValue(UnnormKey)!
        );
}
