using Vla.Actors.Policies;

namespace Vla.Runtime.Pages;

/// <summary>Where the boxes of a policy's steps stand in the page's drawing of the pipeline.</summary>
/// <remarks>
/// The camera stands in column 1, the steps for a picture follow it in the row above; in the row below come the words
/// and the steps for them, so that the last of them stands one column before the step that it joins: the next one for a
/// picture.
/// </remarks>
internal sealed class PipelineBoxes
{
    /// <param name="steps">A policy's, in their order.</param>
    public PipelineBoxes(IReadOnlyList<PolicyStep> steps)
    {
        var lastForWords = steps.Select((step, index) => step.IsForInstruction ? index : -1).Max();
        var (column, forWords) = (1, steps.Count(step => step.IsForInstruction));
        var boxes = new List<StepBox>();
        var joined = -1;
        for (var i = 0; i < steps.Count; i++)
        {
            if (steps[i].IsForInstruction)
                continue;
            column++;
            if (joined < 0 && i > lastForWords)
                joined = column;
            boxes.Add(new StepBox(steps[i], i, column) { IsJoined = joined == column });
        }

        if (joined < 0)
            joined = column;
        WordsColumn = Math.Max(1, joined - 1 - forWords);
        WordsJoin = forWords == 0;
        column = joined - forWords;
        for (var i = 0; i < steps.Count; i++)
        {
            if (steps[i].IsForInstruction)
                boxes.Add(new StepBox(steps[i], i, column++) { Joins = i == lastForWords });
        }

        // As one reads them on a narrow screen, where they stand below one another.
        Steps =
        [
            .. boxes
                .OrderBy(box => box.Index)
                .Select(box =>
                    box with
                    {
                        IsBeside = !box.Step.IsForInstruction && box.Column == joined - 1 && forWords > 0,
                    }
                ),
        ];
        Columns = steps.Count - forWords + 3;
    }

    public IReadOnlyList<StepBox> Steps { get; }

    /// <summary>Camera, steps for a picture, control loop and robot.</summary>
    public int Columns { get; }

    public int WordsColumn { get; }

    /// <summary>True where nothing is done for the words alone: they go to the step for a picture themselves.</summary>
    public bool WordsJoin { get; }
}

/// <summary>The box of one step.</summary>
/// <param name="Step">What it does.</param>
/// <param name="Index">Its place among the policy's steps.</param>
/// <param name="Column">From 1.</param>
internal sealed record StepBox(PolicyStep Step, int Index, int Column)
{
    /// <summary>The last one for the words, from which an arrow goes up.</summary>
    public bool Joins { get; init; }

    /// <summary>The one for a picture to which that arrow goes.</summary>
    public bool IsJoined { get; init; }

    /// <summary>Stands beside the last one for the words on a narrow screen.</summary>
    public bool IsBeside { get; init; }
}
