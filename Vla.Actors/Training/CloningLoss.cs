using TorchSharp;
using Vla.Actors.Policies;
using Vla.Actors.Torch;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Actors.Training;

/// <summary>How far a model is off, in parts; without a gradient but for <see cref="Total"/>.</summary>
/// <param name="Total">What is minimised: a scalar.</param>
/// <param name="Action">Weighted Huber loss of the actions.</param>
/// <param name="Grounding">Cross-entropy of where the first two slots look; NaN without slots or truth.</param>
/// <param name="Turn">Squared error of the turn that slot 0 tells; NaN likewise.</param>
internal readonly record struct LossParts(Tensor Total, Tensor Action, Tensor? Grounding, Tensor? Turn);

/// <summary>Behaviour cloning with chunks: the policy shall do what the demonstrator does.</summary>
/// <remarks>
/// <para>
/// Huber rather than absolute error: in a chunk the hand turns in one to three of ten steps, so the median is no turn
/// at all and an absolute error is content with that. The first actions of a chunk count more; a dimension that never
/// changes in the data counts little.
/// </para>
/// <para>
/// Grounding: where it is known where the block and its goal are in the picture, the first two slots are told to look
/// there (cross-entropy against the four nearest cells). Without it a policy takes many times as long to find out that
/// the words name one of several blocks.
/// </para>
/// </remarks>
internal sealed class CloningLoss
{
    private const double Beta = 0.1;
    private const double AngleBeta = 0.3;
    private const float FirstWeight = 1.5f;
    private const float LastWeight = 0.6f;
    private const float BinaryWeight = 0.6f;
    private const float ConstantWeight = 0.1f;

    private static readonly Scalar GroundingWeight = 0.1;
    private static readonly Scalar TurnWeight = 0.1;

    private readonly Tensor _weights;
    private readonly Tensor _betas;
    private readonly Scalar _dimensions;

    /// <param name="action">Sizes, units and scales.</param>
    /// <param name="binary">Dimensions that are either/or.</param>
    /// <param name="device">Where the model is.</param>
    public CloningLoss(ActionSpec action, IReadOnlyList<int> binary, Device device)
    {
        var weights = new float[action.Horizon * action.Dimensions];
        var betas = new float[action.Dimensions];
        for (var i = 0; i < action.Dimensions; i++)
        {
            betas[i] = (float)(action.Units[i] == "rad" ? AngleBeta : Beta);
            var weight =
                action.Std[i] <= 0 ? ConstantWeight
                : binary.Contains(i) ? BinaryWeight
                : 1;
            for (var step = 0; step < action.Horizon; step++)
            {
                var share = action.Horizon == 1 ? 0 : (float)step / (action.Horizon - 1);
                weights[step * action.Dimensions + i] = weight * (FirstWeight + share * (LastWeight - FirstWeight));
            }
        }

        _weights = tensor(weights, [action.Horizon, action.Dimensions], device: device).DetachFromDisposeScope();
        _betas = tensor(betas, [action.Dimensions], device: device).DetachFromDisposeScope();
        _dimensions = action.Dimensions;
    }

    public LossParts Of(TrainingOutput output, TrainingBatch batch, (long Rows, long Columns)? grid)
    {
        using var scope = NewDisposeScope();
        var action = ActionLoss(output.Chunks, batch);
        var total = action;
        Tensor? grounding = null,
            turn = null;
        if (grid is var (rows, columns) && batch.Truths is { } truths)
        {
            grounding = GroundingLoss(output.Scores!, truths, rows, columns);
            turn = (output.Turn! - truths.narrow(1, 4, 2)).square().sum(1).mean();
            total = action + GroundingWeight * grounding + TurnWeight * turn;
        }

        return new LossParts(
            total.MoveToOuterDisposeScope(),
            action.detach().MoveToOuterDisposeScope(),
            grounding?.detach().MoveToOuterDisposeScope(),
            turn?.detach().MoveToOuterDisposeScope()
        );
    }

    /// <summary>
    /// Which cells a place in the picture is in: a share for each of the four whose centres are nearest.
    /// </summary>
    /// <param name="places">[rows, 2], x and y as shares of the picture.</param>
    /// <param name="rows">Rows of the grid.</param>
    /// <param name="columns">Columns of the grid.</param>
    /// <returns>[rows, rows × columns]; each row's sum is 1.</returns>
    internal static Tensor Cells(Tensor places, long rows, long columns)
    {
        using var scope = NewDisposeScope();
        var column = Hats(places.select(1, 0), columns);
        var row = Hats(places.select(1, 1), rows);
        return (row.unsqueeze(2) * column.unsqueeze(1)).flatten(1).MoveToOuterDisposeScope();

        // A triangle one cell wide to either side around the place: [rows, count].
        static Tensor Hats(Tensor share, long count)
        {
            using Scalar cellCount = count,
                last = count - 1;
            var place = (share * cellCount - Scalars.Half).clamp(Scalars.Zero, last).unsqueeze(1);
            var cells = arange(cellCount, dtype: float32, device: share.device).unsqueeze(0);
            return (Scalars.One - (place - cells).abs()).clamp_min(Scalars.Zero);
        }
    }

    private Tensor ActionLoss(Tensor chunks, TrainingBatch batch)
    {
        var error = (chunks - batch.Chunks).abs();
        var small = error.lt(_betas);
        var huber = where(small, Scalars.Half * error.square() / _betas, error - Scalars.Half * _betas);
        var valid = batch.Valid.unsqueeze(2);
        return (huber * _weights * valid).sum() / (valid.sum() * _dimensions).clamp_min(Scalars.One);
    }

    private static Tensor GroundingLoss(Tensor scores, Tensor truths, long rows, long columns)
    {
        var loss = zeros(1, device: scores.device);
        for (var slot = 0; slot < 2; slot++)
        {
            var wanted = Cells(truths.narrow(1, 2 * slot, 2), rows, columns);
            loss = loss - (wanted * functional.log_softmax(scores.select(1, slot), -1)).sum(1).mean();
        }

        return loss.squeeze();
    }
}
