using System.CommandLine;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Staged;

namespace Vla.Runtime.Commands;

/// <summary><c>vla import</c>: a policy directory from weights that were trained with the notebook's model.</summary>
public static class ImportCommand
{
    public static Command Create()
    {
        var weights = new Option<string>("--weights")
        {
            HelpName = "FILE",
            Description =
                "Weights: .safetensors, or .pt/.pth from torch.save: a state dict, a training checkpoint with one in "
                + "it, or a whole model",
            Required = true,
        };
        var output = new Option<string>("--output")
        {
            HelpName = "DIR",
            Description = "The new policy directory",
            Required = true,
        };
        var command = new Command("import", "Make a policy directory from the notebook model's weights.")
        {
            weights,
            output,
        };
        command.SetAction(result =>
        {
            var vocabulary = Path.Combine(ProjectPaths.NotebookPolicy, StagedPolicy.VocabularyFile);
            var writer = result.InvocationConfiguration.Output;
            var policy = PolicyImport.Run(
                result.GetValue(weights)!,
                result.GetValue(output)!,
                vocabulary,
                writer.WriteLine
            );
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
            return ExitCodes.Success;
        });
        return command;
    }
}
