using TorchSharp;
using TorchSharp.Modules;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Staged;
using Vla.Actors.Policies.Staged.Fusion;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Actors.Training;

/// <summary>What a model makes of a batch.</summary>
/// <param name="Chunks">[rows, horizon, actions], normalised.</param>
/// <param name="Scores">[rows, slots, cells] where each slot looks; null without slots.</param>
/// <param name="Turn">[rows, 2] sine and cosine of four times the block's turn, as read off slot 0; null without
/// slots.</param>
internal readonly record struct TrainingOutput(Tensor Chunks, Tensor? Scores, Tensor? Turn);

/// <summary>A policy's four stages as one module to train, with what only training needs.</summary>
internal sealed class TrainingModel : Module
{
    private readonly Module<Tensor, Tensor> vision_encoder;
    private readonly Module<Tensor, Tensor> language_encoder;
    private readonly Module<Tensor, Tensor, Tensor> fusion;
    private readonly Module<Tensor, Tensor> action_decoder;

    // Never exported: it makes the slots hold what a gripper has to know, but nobody asks it at run time.
    private readonly Linear? turn_head;
    private readonly ActionSpec _action;

    public TrainingModel(PolicyConfig config, Device device)
        : base(nameof(TrainingModel))
    {
        vision_encoder = config.Vision.Create(device);
        language_encoder = config.Language.Create(device);
        fusion = config.Fusion.Create(device);
        action_decoder = config.Decoder.Create(device);
        if (fusion is SlotAttentionFusion slots)
            turn_head = Linear(slots.Dim, 2);
        _action = config.Action;
        RegisterComponents();
        this.to(device);
    }

    /// <summary>Rows and columns of the grid that slots look at; null without slots.</summary>
    public (long Rows, long Columns)? Grid => fusion is SlotAttentionFusion slots ? (slots.Rows, slots.Columns) : null;

    /// <summary>The stages' weights by their names in <c>model.safetensors</c>.</summary>
    public Dictionary<string, Tensor> StageWeights() =>
        state_dict()
            .Where(entry => !entry.Key.StartsWith(nameof(turn_head), StringComparison.Ordinal))
            .ToDictionary(entry => entry.Key, entry => entry.Value);

    /// <summary>Runs the stages on a batch; each picture once, whatever the number of its lessons.</summary>
    public TrainingOutput Run(TrainingBatch batch)
    {
        using var scope = NewDisposeScope();
        var vision = vision_encoder.call(batch.Pictures);
        var language = language_encoder.call(batch.Tokens);
        Tensor fused;
        Tensor? scores = null,
            turn = null;
        if (fusion is SlotAttentionFusion slots)
        {
            (fused, scores) = slots.Ground(vision, language, batch.States);
            turn = turn_head!.call(fused.select(1, 0));
        }
        else
        {
            var lessons = batch.Tokens.shape[0] / batch.Pictures.shape[0];
            if (lessons > 1)
                vision = vision.repeat_interleave(lessons, 0);
            fused = fusion.Fuse(vision, language, batch.States);
        }

        var chunks = action_decoder.call(fused).reshape(-1, _action.Horizon, _action.Dimensions);
        return new TrainingOutput(
            chunks.MoveToOuterDisposeScope(),
            scores?.MoveToOuterDisposeScope(),
            turn?.MoveToOuterDisposeScope()
        );
    }
}
