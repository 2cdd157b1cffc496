using TorchSharp;
using Vla.Actors.Checkpoints;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Rt1.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Runtime.Commands;

/// <summary><c>vla forward</c> for RT-1: every step by name.</summary>
/// <remarks>
/// The first pictures, as many as it looks back on, go through together, and its action is the last one's; then all of
/// them one after the other, as a robot would show them (<c>stream</c>).
/// </remarks>
internal static class Rt1Forward
{
    private const string Images = "images";
    private const string Words = "natural_language_embedding";
    private const string OtherWords = "other_natural_language_embedding";
    private const string Large = "large_image";
    private const string Table = "table.";

    /// <summary>The size of pictures that the original takes.</summary>
    private const int LargeSize = 300;

    /// <param name="asked">
    /// Its input: <c>images</c> [count, height, width, 3] of bytes, <c>natural_language_embedding</c> [n]; where they
    /// are there, <c>other_natural_language_embedding</c> for a second stream, <c>large_image</c> [1, height, width,
    /// 3], and tokens and actions to translate: <c>table.tokens</c> [count, tokens], <c>table.actions.PART</c> [count,
    /// size].
    /// </param>
    public static void Run(ForwardRequest asked)
    {
        using var scope = NewDisposeScope();
        using var guard = inference_mode();
        using var policy = Rt1Checkpoint.Load(asked.Directory, asked.Device);
        using var file = Checkpoint.Open(asked.Input);
        new Pass(policy, file, asked, scope).Run();
    }

    private sealed class Pass(Rt1Checkpoint policy, Checkpoint file, ForwardRequest asked, DisposeScope scope)
    {
        private readonly Rt1Config _config = policy.Config;
        private readonly ForwardSteps _steps = new(scope);

        public void Run()
        {
            ForwardSteps.RequireFinite(file);
            var hasTable = file.Tensors.Keys.Any(name => name.StartsWith(Table, StringComparison.Ordinal));
            if (file.Tensors.ContainsKey(Images) || !hasTable)
                Look();
            TranslateTokens();
            TranslateActions();
            _steps.Write(asked.Output, asked.Console);
        }

        private void Look()
        {
            var pictures = Pictures(Images);
            var words = Vector(Words);
            var first = pictures.narrow(0, 0, Math.Min(_config.Frames, pictures.shape[0]));
            var resized = Resize(first, _config.ImageSize);
            _steps.Keep("image.resized", resized);
            var normalised = policy.Normalise(resized);
            _steps.Keep("image.normalized.frame0", normalised.narrow(0, 0, 1));
            var tokens = policy.Look(
                normalised,
                words.expand(normalised.shape[0], -1),
                (name, tensor) =>
                    _steps.Keep(
                        name switch
                        {
                            "top" => "efficientnet.top",
                            "conv1x1" or "features" => $"encoder.{name}",
                            "attention" => "token_learner.attention",
                            _ => $"efficientnet.frame0.{name}",
                        },
                        name is "top" or "conv1x1" or "features" or "attention" ? tensor : tensor.narrow(0, 0, 1)
                    )
            );
            _steps.Keep("image_tokens", tokens);
            using (var window = new Rt1Window(_config))
            {
                var (filled, frame) = (tokens.unsqueeze(0), (int)tokens.shape[0] - 1);
                if (tokens.shape[0] < _config.Frames)
                {
                    for (var i = 0; i < tokens.shape[0]; i++)
                        (filled, frame) = window.Add(tokens.narrow(0, i, 1));
                }

                var logits = policy.Decide(filled, frame, _steps.Keep);
                _steps.Keep("action_logits", logits);
                KeepAction("", [Rt1Decision.Tokens(logits)]);
            }

            _steps.Keep("transformer.attention_mask", policy.Mask());
            _steps.Keep("transformer.attention_mask_rtx", policy.LaterMask());
            Stream("stream", pictures, words);
            if (file.Tensors.ContainsKey(OtherWords))
                Stream("stream_other_instruction", pictures, Vector(OtherWords));
            if (file.Tensors.ContainsKey(Large))
                LookAtLarge(words);
        }

        private void LookAtLarge(Tensor words)
        {
            var resized = Resize(Pictures(Large), LargeSize);
            _steps.Keep("large.resized_crop", resized.slice(2, 100, 132, 1).slice(3, 200, 232, 1));
            var tokens = policy.Look(
                policy.Normalise(resized),
                words.expand(resized.shape[0], -1),
                (name, tensor) =>
                {
                    if (name == "features")
                        _steps.Keep("large.features", tensor);
                }
            );
            _steps.Keep("large.image_tokens", tokens);
        }

        // One picture a call, as a robot shows them.
        private void Stream(string name, Tensor pictures, Tensor words)
        {
            using var window = new Rt1Window(_config);
            var all = new List<Tensor>();
            var tokens = new List<int[]>();
            for (var i = 0; i < pictures.shape[0]; i++)
            {
                var normalised = policy.Normalise(Resize(pictures.narrow(0, i, 1), _config.ImageSize));
                var (filled, frame) = window.Add(policy.Look(normalised, words));
                all.Add(policy.Decide(filled, frame));
                tokens.Add(Rt1Decision.Tokens(all[^1]));
            }

            _steps.Keep($"{name}.action_logits", cat(all, 0));
            KeepAction($"{name}.", tokens);
        }

        private void KeepAction(string prefix, IReadOnlyList<int[]> tokens)
        {
            _steps.Keep($"{prefix}action_tokens", Whole(tokens));
            KeepParts($"{prefix}action.", tokens);
        }

        private void KeepParts(string prefix, IReadOnlyList<int[]> tokens)
        {
            float[][] values = [.. tokens.Select(row => Rt1Decision.Values(_config, row))];
            var number = 0;
            foreach (var part in _config.Action)
            {
                float[] of = [.. values.SelectMany(row => row.Skip(number).Take(part.Size))];
                var columns = tensor(of, [values.Length, part.Size]);
                _steps.Keep(prefix + part.Name, part.IsChoice ? columns.to(ScalarType.Int32) : columns);
                number += part.Size;
            }
        }

        private void TranslateTokens()
        {
            const string name = Table + "tokens";
            if (!file.Tensors.ContainsKey(name))
                return;
            var tokens = file.ReadTensor(name);
            if (tokens.is_floating_point() || tokens.dim() != 2 || tokens.shape[1] != _config.ActionTokens)
                throw ForwardSteps.Wrong(file, name, $"whole numbers [count, {_config.ActionTokens}]");
            var rows = Rows(tokens);
            if (rows.Any(row => row.Any(token => token < 0 || token >= _config.Vocabulary)))
                throw ForwardSteps.Wrong(file, name, $"tokens from 0 to {_config.Vocabulary - 1}");
            _steps.Keep(name, tokens);
            KeepParts($"{Table}detokenized.", rows);
        }

        private void TranslateActions()
        {
            if (!_config.Action.Any(part => file.Tensors.ContainsKey($"{Table}actions.{part.Name}")))
                return;
            var columns = new List<int[][]>();
            foreach (var part in _config.Action)
            {
                var name = $"{Table}actions.{part.Name}";
                if (!file.Tensors.TryGetValue(name, out var entry))
                    throw new PolicyException($"{asked.Input}: has no {name}, though other parts of actions");
                if (entry.Shape.Count != 2 || entry.Shape[1] != part.Size)
                    throw ForwardSteps.Wrong(file, name, $"numbers [count, {part.Size}]");
                _steps.Keep(name, file.ReadTensor(name));
                var values = file.ReadTensor(name).to(ScalarType.Float32).contiguous();
                var rows = new int[values.shape[0]][];
                var numbers = values.data<float>().ToArray();
                for (var i = 0; i < rows.Length; i++)
                {
                    rows[i] = new int[part.Tokens];
                    part.Tokenise(numbers.AsSpan(i * part.Size, part.Size), rows[i], _config.Vocabulary);
                }

                columns.Add(rows);
            }

            if (columns.Any(rows => rows.Length != columns[0].Length))
                throw new PolicyException($"{asked.Input}: the parts of {Table}actions have different numbers of rows");
            _steps.Keep(
                $"{Table}actions_tokens",
                Whole([.. columns[0].Select((_, i) => columns.SelectMany(rows => rows[i]).ToArray())])
            );
        }

        private Tensor Pictures(string name)
        {
            var pictures = Read(name, "bytes [count, height, width, 3]");
            return
                pictures.dtype == ScalarType.Byte
                && pictures.dim() == 4
                && pictures.shape[0] > 0
                && pictures.shape[3] == 3
                ? pictures
                : throw ForwardSteps.Wrong(file, name, "bytes [count, height, width, 3]");
        }

        private Tensor Vector(string name)
        {
            var vector = Read(name, $"numbers [{_config.ContextSize}]");
            return vector.is_floating_point() && vector.numel() == _config.ContextSize
                ? vector.to(ScalarType.Float32).reshape(1, -1).to(asked.Device)
                : throw ForwardSteps.Wrong(file, name, $"numbers [{_config.ContextSize}] (context_size)");
        }

        private Tensor Read(string name, string what) =>
            file.Tensors.ContainsKey(name)
                ? file.ReadTensor(name)
                : throw new PolicyException($"{asked.Input}: has no {name}, {what}");

        private Tensor Resize(Tensor bytes, int size)
        {
            using Scalar largest = 255;
            var pictures = (bytes.to(asked.Device).to(ScalarType.Float32) / largest).permute(0, 3, 1, 2);
            return (pictures.shape[2], pictures.shape[3]) == (size, size)
                ? pictures
                : functional.interpolate(
                    pictures,
                    [size, size],
                    mode: InterpolationMode.Bilinear,
                    align_corners: false
                );
        }

        private static Tensor Whole(IReadOnlyList<int[]> rows) =>
            tensor(rows.SelectMany(row => row).ToArray(), [rows.Count, rows[0].Length]);

        private static int[][] Rows(Tensor tokens)
        {
            var (count, length) = ((int)tokens.shape[0], (int)tokens.shape[1]);
            var all = tokens.to(ScalarType.Int32).contiguous().data<int>().ToArray();
            return [.. Enumerable.Range(0, count).Select(i => all.AsSpan(i * length, length).ToArray())];
        }
    }
}
