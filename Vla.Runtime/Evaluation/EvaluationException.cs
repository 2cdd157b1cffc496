namespace Vla.Runtime.Evaluation;

/// <summary>An evaluation has come to no figures. The message says why, in one line.</summary>
internal sealed class EvaluationException(string message, Exception? inner = null)
    : CommandException(message, ExitCodes.Failure, inner);
