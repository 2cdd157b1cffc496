using System.Text.Json;
using System.Text.Json.Nodes;
using Vla.Actors.Checkpoints;
using Vla.Actors.Policies.Staged;
using Vla.Sensors.Text;

namespace Vla.Actors.Policies;

/// <summary>
/// Makes a policy directory from weights of the notebook's model; its sizes are read off the weights.
/// </summary>
internal static class PolicyImport
{
    private const int MaximumSize = 65_536;
    private const int MaximumVocabulary = 1_000_000;

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <param name="weights">A <c>.safetensors</c>, or what <c>torch.save</c> wrote: a state dict, alone or among a
    /// training's other things.</param>
    /// <param name="output">The new directory; may exist when it is empty.</param>
    /// <param name="vocabulary">A <c>vocab.txt</c> to take words from: cut, or filled up, to what the weights
    /// want.</param>
    /// <param name="say">Is told what was left out or chosen, in a sentence; null for nobody.</param>
    /// <returns>The policy as loaded from the new directory.</returns>
    /// <exception cref="PolicyException">
    /// The weights are not the notebook's model, or the directory cannot be written. Nothing is left behind then.
    /// </exception>
    public static StagedPolicy Run(string weights, string output, string vocabulary, Action<string>? say = null)
    {
        // A trailing separator would put the partial directory inside.
        output = Path.TrimEndingDirectorySeparator(Path.GetFullPath(output));
        if (File.Exists(output) || (Directory.Exists(output) && Directory.EnumerateFileSystemEntries(output).Any()))
            throw new PolicyException($"{output}: exists already and is not empty; choose a new directory");
        var partial = $"{output}.partial";
        try
        {
            Directory.CreateDirectory(partial);
            Write(weights, partial, vocabulary, say);
            StagedPolicy.Load(partial);
            if (Directory.Exists(output))
                Directory.Delete(output);
            Directory.Move(partial, output);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new PolicyException($"{output}: cannot be written ({e.Message})", e);
        }
        finally
        {
            if (Directory.Exists(partial))
                Directory.Delete(partial, recursive: true);
        }
        return StagedPolicy.Load(output);
    }

    private static void Write(string weights, string directory, string vocabulary, Action<string>? say)
    {
        using var checkpoint = RenamedCheckpoint.Open(weights, PolicyConfig.StageKeys);
        if (checkpoint.Place.Length > 0)
            say?.Invoke($"The weights are those under '{checkpoint.Place}'; the rest of the file is not used.");
        if (checkpoint.LeftOut.Length > 0)
            say?.Invoke($"Left out of the weights' names: {checkpoint.LeftOut}");
        var sizes = Sizes.Of(checkpoint);
        using (var model = sizes.CreateModel())
        {
            StateDict.Load(model, checkpoint);
            SafetensorsWriter.Write(Path.Combine(directory, StagedPolicy.WeightsFile), model.state_dict());
        }
        File.WriteAllText(
            Path.Combine(directory, StagedPolicy.ConfigFile),
            Config(Path.GetFileName(weights), sizes).ToJsonString(Indented) + "\n"
        );
        File.WriteAllLines(Path.Combine(directory, StagedPolicy.VocabularyFile), Words(vocabulary, sizes.Vocabulary));
    }

    private static IEnumerable<string> Words(string vocabulary, int count)
    {
        var words = Utf8Text.ReadLines(vocabulary);
        return words
            .Concat(Enumerable.Range(0, Math.Max(0, count - words.Length)).Select(i => $"[unused{i}]"))
            .Take(count);
    }

    private static JsonObject Config(string source, Sizes sizes)
    {
        // Names of the notebook's seven dimensions; identity statistics: what the model gives is what is published.
        var named = sizes.Action == 7;
        string[] names = named
            ? ["x", "y", "z", "roll", "pitch", "yaw", "gripper"]
            : [.. Enumerable.Range(1, sizes.Action).Select(i => $"a{i}")];
        string[] units = named ? ["m", "m", "m", "rad", "rad", "rad", "1"] : [.. names.Select(_ => "1")];
        return new JsonObject
        {
            ["name"] = Path.GetFileNameWithoutExtension(source) is { Length: > 0 and <= 64 } name ? name : "imported",
            ["note"] =
                $"Imported from {source}. Set the names, units, mean and std of the actions, the mean and std of the "
                + "picture "
                + "and vocab.txt to those of the training.",
            ["stages"] = new JsonObject
            {
                [PolicyConfig.VisionKey] = new JsonObject
                {
                    ["type"] = "simple_vision",
                    ["feature_dim"] = sizes.VisionFeatures,
                },
                [PolicyConfig.LanguageKey] = new JsonObject
                {
                    ["type"] = "simple_language",
                    ["vocab_size"] = sizes.Vocabulary,
                    ["embed_dim"] = sizes.Embedding,
                    ["hidden_dim"] = sizes.Hidden,
                    ["feature_dim"] = sizes.LanguageFeatures,
                },
                [PolicyConfig.FusionKey] = new JsonObject
                {
                    ["type"] = "simple_fusion",
                    ["vision_dim"] = sizes.VisionFeatures,
                    ["language_dim"] = sizes.LanguageFeatures,
                    ["fused_dim"] = sizes.Fused,
                },
                [PolicyConfig.DecoderKey] = new JsonObject
                {
                    ["type"] = "simple_decoder",
                    ["input_dim"] = sizes.Fused / 2,
                    ["action_dim"] = sizes.Action,
                },
            },
            ["image"] = new JsonObject
            {
                ["height"] = 224,
                ["width"] = 224,
                ["mean"] = new JsonArray(0.485, 0.456, 0.406),
                ["std"] = new JsonArray(0.229, 0.224, 0.225),
            },
            ["text"] = new JsonObject { ["sequence_length"] = 10, ["padding"] = "left" },
            ["action"] = new JsonObject
            {
                ["names"] = Array(names),
                ["units"] = Array(units),
                ["mean"] = Array(names.Select(_ => 0)),
                ["std"] = Array(names.Select(_ => 1)),
                ["horizon"] = 1,
                ["step_ms"] = 20,
            },
        };
    }

    private static JsonArray Array<T>(IEnumerable<T> values) => [.. values.Select(value => JsonValue.Create(value))];

    /// <summary>
    /// The notebook model's sizes. Where the weights do not show one it is the notebook's, and loading says what is
    /// wrong.
    /// </summary>
    private sealed record Sizes(
        int VisionFeatures,
        int Vocabulary,
        int Embedding,
        int Hidden,
        int LanguageFeatures,
        int Fused,
        int Action
    )
    {
        public static Sizes Of(Checkpoint checkpoint)
        {
            return new Sizes(
                Size("vision_encoder.fc.weight", 0, 128),
                Size("language_encoder.embedding.weight", 0, 1_000, MaximumVocabulary),
                Size("language_encoder.embedding.weight", 1, 128),
                Size("language_encoder.lstm.weight_hh_l0", 1, 128),
                Size("language_encoder.fc.weight", 0, 128),
                Size("fusion.fusion.0.weight", 0, 256),
                Size("action_decoder.decoder.5.weight", 0, 7, 64)
            );

            int Size(string name, int dimension, int notebook, int maximum = MaximumSize) =>
                checkpoint.Tensors.TryGetValue(name, out var tensor)
                && tensor.Shape.Count == 2
                && tensor.Shape[dimension] >= 1
                && tensor.Shape[dimension] <= maximum
                    ? (int)tensor.Shape[dimension]
                    : notebook;
        }

        public SimpleVLA CreateModel() =>
            new(
                new VisionEncoder(VisionFeatures),
                new LanguageEncoder(Vocabulary, Embedding, Hidden, LanguageFeatures),
                new FusionLayer(VisionFeatures, LanguageFeatures, Fused),
                new ActionDecoder(Fused / 2, Action)
            );
    }
}
