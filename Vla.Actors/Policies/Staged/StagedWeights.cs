using Vla.Actors.Checkpoints;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Actors.Policies.Staged;

/// <summary>
/// Compares the weights in a policy directory with the stages that its <c>config.json</c> asks for; keeps none.
/// </summary>
/// <param name="directory">The policy's.</param>
/// <param name="config">Its stages.</param>
internal sealed class StagedWeights(string directory, PolicyConfig config)
{
    private readonly string _file = Path.Combine(directory, PolicyKind.WeightsFile);

    /// <exception cref="PolicyException">A stage's weights are missing, or of other sizes.</exception>
    public void Check()
    {
        var stages = Stages;
        if (stages.All(stage => stage.HasOwnWeights))
            return;

        var modules = new List<(Module Module, string Prefix)>();
        try
        {
            using var checkpoint = RenamedCheckpoint.Open(_file, PolicyConfig.StageKeys);
            foreach (var (key, _, parameters, _) in stages.Where(stage => !stage.HasOwnWeights))
                CheckSize(checkpoint, key, parameters);
            modules.AddRange(
                stages.Where(stage => !stage.HasOwnWeights).Select(stage => (stage.Create(CPU), $"{stage.Key}."))
            );
            // Weights of a part that a TorchScript file stands in for are of no use, and no harm.
            StateDict.Check(
                modules,
                checkpoint,
                ignoredPrefixes: stages.Where(stage => stage.HasOwnWeights).Select(stage => $"{stage.Key}.")
            );
        }
        finally
        {
            modules.ForEach(entry => entry.Module.Dispose());
        }
    }

    /// <inheritdoc cref="IPolicy.Untrained"/>
    public string? FindUntrained()
    {
        if (config.Info.Trained == false)
            return $"{PolicyKind.ConfigFile} says so";
        string[] stages = [.. Stages.Where(stage => !stage.HasOwnWeights).Select(stage => stage.Key)];
        if (stages.Length == 0)
            return null;
        using var checkpoint = RenamedCheckpoint.Open(_file, PolicyConfig.StageKeys);
        return NotebookWeights.FindStage(checkpoint, stages) is { } stage
            ? $"its {stage} has the random weights that the notebook's model began with"
            : null;
    }

    // Before anything is made of the sizes in config.json. What is a little too large is compared name by name
    // afterwards.
    private void CheckSize(Checkpoint checkpoint, string key, long parameters)
    {
        const long Tolerated = 16 << 20;
        var stored = checkpoint
            .Tensors.Values.Where(tensor => tensor.Name.StartsWith($"{key}.", StringComparison.Ordinal))
            .Sum(tensor => tensor.ElementCount);
        if (parameters - Tolerated <= stored)
            return;
        throw new PolicyException(
            $"{Path.Combine(directory, PolicyKind.ConfigFile)}: the sizes in stages.{key} ask for at least "
                + $"{parameters:N0} parameters, {PolicyKind.WeightsFile} has {stored:N0} for them; take the sizes of "
                + "the training"
        );
    }

    private (string Key, bool HasOwnWeights, long Parameters, Func<Device, Module> Create)[] Stages =>
        [
            Of(PolicyConfig.VisionKey, config.Vision),
            Of(PolicyConfig.LanguageKey, config.Language),
            Of(PolicyConfig.FusionKey, config.Fusion),
            Of(PolicyConfig.DecoderKey, config.Decoder),
        ];

    private static (string, bool, long, Func<Device, Module>) Of<TModule>(string key, PolicyStage<TModule> stage)
        where TModule : Module => (key, stage.HasOwnWeights, stage.LeastParameters, stage.Create);
}
