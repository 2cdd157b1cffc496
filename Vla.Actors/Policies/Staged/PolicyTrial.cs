using System.Runtime.InteropServices;
using TorchSharp;
using Vla.Actors.Checkpoints;
using Vla.Actors.Policies.Staged.Fusion;
using Vla.Actors.Policies.Staged.Language;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Actors.Policies.Staged;

/// <summary>
/// Sends a pattern through a policy's stages, so that stages which do not fit together are found at load.
/// </summary>
/// <remarks>Not zeros: dropout leaves those as they are (<see cref="RepeatTrial"/>).</remarks>
internal static class PolicyTrial
{
    /// <exception cref="PolicyException">A stage refuses what the one before it gives; the message names both and the
    /// shapes.</exception>
    public static TrialShapes Run(string directory, PolicyConfig config, InstructionTokenizer tokenizer)
    {
        using var scope = NewDisposeScope();
        using var guard = inference_mode();
        var vocabularySize = tokenizer.VocabularySize;
        using Scalar numbers = (long)config.Channels * config.Image.Height * config.Image.Width,
            step = 0.01f,
            highest = vocabularySize - 1;
        var image = arange(numbers, dtype: float32)
            .mul(step)
            .sin()
            .view(1, config.Channels, config.Image.Height, config.Image.Width);
        // The highest token id: a vocabulary longer than the encoder's table is found as well.
        var text = full([1, config.SequenceLength], highest, dtype: int64);

        var vision = Try(
            config.Vision,
            PolicyConfig.VisionKey,
            (module, given) => module.call(given[0]),
            (config.Channels == 3 ? "a picture" : "pictures", image)
        );
        var language = Try(
            config.Language,
            PolicyConfig.LanguageKey,
            (module, given) => CheckPadding(module).call(given[0]),
            ($"token ids up to {vocabularySize - 1}", text)
        );
        var fused = Try(
            config.Fusion,
            PolicyConfig.FusionKey,
            (module, given) => CheckState(module).call(given[0], given[1]),
            ("vision features", vision),
            ("language features", language)
        );
        var action = Try(
            config.Decoder,
            PolicyConfig.DecoderKey,
            (module, given) => module.call(given[0]),
            ("fused features", fused)
        );

        var (dimensions, horizon) = (config.Action.Dimensions, config.Action.Horizon);
        var expected = new List<string> { CheckpointShape.Text([1, horizon, dimensions]) };
        if (horizon == 1)
            expected.Insert(0, CheckpointShape.Text([1, dimensions]));
        if (!expected.Contains(CheckpointShape.Text(action.shape)))
        {
            throw new PolicyException(
                $"{directory}: {PolicyConfig.DecoderKey} gives {CheckpointShape.Text(action.shape)}, "
                    + $"expected {string.Join(" or ", expected)} for {dimensions} action names and a horizon of "
                    + $"{horizon}"
            );
        }

        return new TrialShapes(vision.shape, language.shape, fused.shape);

        // TorchScript tells where before it tells what.
        static string Reason(string message)
        {
            const string interpreter = "The following operation failed in the TorchScript interpreter";
            return message.StartsWith(interpreter, StringComparison.Ordinal)
                ? ErrorText.FirstLine(
                    message.Split('\n').LastOrDefault(line => line.Contains("Error", StringComparison.Ordinal))
                        ?? message
                )
                : ErrorText.FirstLine(message);
        }

        Module<Tensor, Tensor> CheckPadding(Module<Tensor, Tensor> module)
        {
            if (module is IMasksPadding { PadId: var id } && id != tokenizer.PadId)
                throw new PolicyException(
                    $"{directory}: {PolicyConfig.LanguageKey} has pad_id {id}, but {InstructionTokenizer.PadToken} is "
                        + $"line {tokenizer.PadId + 1} of {StagedPolicy.VocabularyFile}; set pad_id to "
                        + $"{tokenizer.PadId}"
                );
            return module;
        }

        Module<Tensor, Tensor, Tensor> CheckState(Module<Tensor, Tensor, Tensor> module)
        {
            var (wanted, named) = (module is StateFusion fusion ? fusion.StateDim : 0, config.State.Dimensions);
            if (wanted != named)
                throw new PolicyException(
                    $"{directory}: {PolicyConfig.FusionKey} ({config.Fusion.Type}) takes {wanted} numbers of robot "
                        + "state, "
                        + $"but state.names has {named}; set state_dim of the fusion, or the state section, to fit "
                        + "the other"
                );
            return module;
        }

        Tensor Try<TModule>(
            PolicyStage<TModule> stage,
            string key,
            Func<TModule, Tensor[], Tensor> call,
            params (string What, Tensor Value)[] inputs
        )
            where TModule : Module
        {
            WorkStep.Begin($"making {key} ({stage.Type})");
            using var module = stage.Create(CPU);
            WorkStep.Begin($"trying {key} ({stage.Type}) with zeros");
            module.eval();
            Tensor[] values = [.. inputs.Select(input => input.Value)];
            try
            {
                var result = call(module, values);
                if (result is null)
                    throw new PolicyException($"{directory}: {key} ({stage.Type}) gives nothing (null)");
                if (
                    stage is { Type: StageTypes.TorchScript, IsStochastic: false }
                    && RepeatTrial.Complaint(given => call(module, given), values, result) is { } complaint
                )
                {
                    throw new PolicyException($"{directory}: {key} ({stage.Type}) {complaint}");
                }

                if (result.is_floating_point() && !result.isfinite().all().item<bool>())
                    throw new PolicyException(
                        $"{directory}: {key} ({stage.Type}) makes NaN or infinity of a plain pattern: its weights "
                            + "are of no use"
                    );
                return result;
            }
            catch (InvalidCastException e) when (!stage.IsAdded)
            {
                throw new PolicyException(
                    $"{directory}: {key} ({stage.Type}) gives something else than one tensor; export a stage that "
                        + "returns its features alone",
                    e
                );
            }
            catch (Exception e)
                when (e is ExternalException or ArgumentException || (stage.IsAdded && e is not PolicyException))
            {
                var given = string.Join(
                    " and ",
                    inputs.Select(input => $"{input.What} {CheckpointShape.Text(input.Value.shape)}")
                );
                throw new PolicyException(
                    $"{directory}: {key} ({stage.Type}) does not take {given}: {Reason(e.Message)}",
                    e
                );
            }
        }
    }
}

/// <summary>The shapes that a policy's stages hand on, for one picture and one instruction.</summary>
internal sealed record TrialShapes(long[] Vision, long[] Language, long[] Fused);
