"""What a sale was like: who came and waited, what was sold, which servers stood, who decided what."""
