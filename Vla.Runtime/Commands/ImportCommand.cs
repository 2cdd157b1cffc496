using System.CommandLine;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Staged;
using Vla.Actors.Robots;
using Vla.Runtime.Hosting;
using Vla.Runtime.Robots;

namespace Vla.Runtime.Commands;

/// <summary>
/// <c>vla import</c>: a policy directory from weights that were trained with the notebook's model, or a robot profile
/// from a policy directory.
/// </summary>
internal static class ImportCommand
{
    public static Command Create()
    {
        var weights = new Option<string?>("--weights")
        {
            HelpName = "FILE",
            Description =
                "Weights: .safetensors, or .pt/.pth from torch.save: a state dict, a training checkpoint with one in "
                + "it, or a whole model; with --output",
        };
        var output = new Option<string?>("--output") { HelpName = "DIR", Description = "The new policy directory" };
        var policy = new Option<string?>("--policy")
        {
            HelpName = "DIR",
            Description = "Instead: a policy directory, LeRobot's too, which is used as it is; with --robot-profile",
        };
        var profile = new Option<string?>("--robot-profile")
        {
            HelpName = "FILE",
            Description =
                "A new robot profile for the policy's robot, its limits from the data it was trained on; to be "
                + "looked over",
        };
        var command = new Command(
            "import",
            "Make a policy directory from the notebook model's weights, or a robot profile from a policy."
        )
        {
            weights,
            output,
            policy,
            profile,
        };
        command.SetAction(result =>
        {
            var writer = result.InvocationConfiguration.Output;
            if (result.GetValue(policy) is { } given)
                PolicyOptions.Directory(result, given);
            switch
                (result.GetValue(weights), result.GetValue(output), result.GetValue(policy), result.GetValue(profile))

            {
                case ({ } file, { } directory, null, null):
                    ImportWeights(file, directory, writer);
                    break;
                case (null, null, { } directory, { } file):
                    WriteProfile(directory, file, writer);
                    break;
                case (null, null, { } directory, null):
                    SayHowToRun(directory, writer);
                    break;
                default:
                    throw new UsageException(
                        "give either --weights FILE and --output DIR (a policy from weights), or --policy DIR and "
                            + "--robot-profile FILE (a robot profile from a policy)"
                    );
            }

            return ExitCodes.Success;
        });
        return command;
    }

    private static void ImportWeights(string weights, string output, TextWriter writer)
    {
        var vocabulary = Path.Combine(ProjectPaths.NotebookPolicy, StagedPolicy.VocabularyFile);
        var policy = PolicyImport.Run(weights, output, vocabulary, writer.WriteLine);
        writer.WriteLine(
            $"{policy.Directory} is ready: {policy.Action.Dimensions} action dimensions, {policy.VocabularySize} "
                + "tokens."
        );
        if (policy.Untrained is { } why)
            writer.WriteLine($"It is untrained, its actions mean nothing: {why}.");
        writer.WriteLine(
            $"Before use, set in {StagedPolicy.ConfigFile}: the action's names, units, mean and std, and the "
                + "picture's mean and std;"
        );
        writer.WriteLine(
            $"put the words the weights were trained with in {StagedPolicy.VocabularyFile} (now: the notebook "
                + "policy's)."
        );
        writer.WriteLine(
            $"Try it: vla forward --policy {policy.Directory} --image FILE --instruction \"pick up the red block\""
        );
    }

    private static void SayHowToRun(string directory, TextWriter writer)
    {
        var policy = Load(directory);
        writer.WriteLine(
            $"{directory} is used as it is ({PolicyFamilies.Of(directory).Name}): nothing has to be imported."
        );
        writer.WriteLine($"Look at it: vla model --policy {directory}");
        writer.WriteLine($"A robot profile from it: vla import --policy {directory} --robot-profile FILE");
        foreach (var remark in policy.Remarks)
            writer.WriteLine(remark);
    }

    private static void WriteProfile(string directory, string file, TextWriter writer)
    {
        var policy = Load(directory);
        if (File.Exists(file))
            throw new UsageException($"{file}: is there already; name a new file, or delete it");
        var name = Path.GetFileNameWithoutExtension(file);
        try
        {
            File.WriteAllText(file, ProfileDraft.Of(policy, name.Length > 0 ? name : "robot"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new UsageException($"{file}: cannot be written ({e.Message})", e);
        }

        var profile = RobotProfile.Load(file);
        writer.WriteLine(
            $"{file} has {profile.Dimensions.Count} dimensions, limited as the data of the policy's training. Nobody "
                + "has looked it over:"
        );
        writer.WriteLine(
            "set names, units, rates, accelerations and hold as your robot has them before anything moves."
        );
        writer.WriteLine($"Then: vla run --policy {directory} --robot {file} --camera NAME=SOURCE");
    }

    private static IPolicy Load(string directory) =>
        BoundedWork.Run("loading the policy", BoundedWork.Bound, () => PolicyFamilies.Load(directory));
}
